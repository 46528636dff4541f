// A family of checkpoints: how its config.json reads, what it calls each parameter, and how its own library resamples
// position embeddings. One line each in index.ts.
import type { Preprocessing } from '../../base/preprocessing.ts';
import type { Shape, Tensor } from '../../base/tensor.ts';
import type { CheckpointHead } from '../checkpoint-head.ts';
import type { Activation, VitConfig } from '../config.ts';
import type { Resampling } from '../position-embedding.ts';

/** Where a parameter is found in a file. */
export interface Source {
  /** Name in the file. Axes of size 1 in front don't count: [C] is as good as [1, 1, C]. */
  readonly name: string;
  /** Rows of a fused tensor that are this parameter: first, and the one after the last. */
  readonly rows?: readonly [start: number, end: number];
  /** A second tensor, whose rows come after the first one's. */
  readonly followedBy?: string;
  /** Where the file has another order of axes: the shape there, and how the parameter comes out of it. */
  readonly arranged?: {
    readonly shape: Shape;
    readonly restore: (stored: Tensor<'float32'>) => Tensor<'float32'>;
  };
}

/** What a file holds, by name, as far as a family needs to know. */
export type TensorShapes = ReadonlyMap<string, { readonly shape: Shape }>;

/** config.json, parsed. */
export type ConfigJson = Readonly<Record<string, unknown>>;

/** How a library evaluates a checkpoint, whatever the size of the pictures. */
export interface Evaluation extends Pick<Preprocessing, 'interpolation' | 'mean' | 'std'> {
  /** Share of a side that the crop keeps; left out = 1. */
  readonly cropShare?: number;
  /** Left out = `shortest`, so that nothing of a picture's middle is squeezed unasked. */
  readonly resize?: Preprocessing['resize'];
}

/** One checkpoint as its family reads it. */
export interface Checkpoint {
  readonly config: VitConfig;
  /** What the checkpoint itself makes of the feature, where it has such weights. */
  readonly head?: CheckpointHead | undefined;
  /** Where each canonical parameter of backbone and head is found. */
  readonly source: (canonical: string) => Source;
  /** Tensors that such a file may hold and that neither backbone nor head needs. */
  readonly ignores: (name: string) => boolean;
  readonly resampling: Resampling;
  /** How pictures enter where no preprocessor_config.json says so. */
  readonly preprocessing: Evaluation;
  /** What neither the file nor a config.json says and was taken to be as usual, for people. */
  readonly assumptions?: readonly string[];
}

export interface Family {
  readonly name: string;
  /** Whether a parsed config.json is one of this family. */
  readonly recognises: (config: ConfigJson) => boolean;
  /** Throws CheckpointError where a field is missing, out of range or means something that isn't supported. */
  readonly read: (config: ConfigJson, tensors: TensorShapes) => Checkpoint;
}

/** What a config.json says beside weights in their makers' own names, where the weights can't tell or the usual isn't right. */
export interface Stated {
  readonly num_heads?: number | undefined;
  /** Pixels of the pictures that the position embeddings were made for. */
  readonly image_size?: number | readonly [height: number, width: number] | undefined;
  readonly act_layer?: Activation | undefined;
  readonly norm_eps?: number | undefined;
}

/** A family whose files come without a config.json: the shapes say what it would. */
export interface UnconfiguredFamily {
  readonly name: string;
  /** Whether a file of these tensors is one of this family. */
  readonly recognises: (tensors: TensorShapes) => boolean;
  /** Throws CheckpointError where the shapes don't tell the network. */
  readonly read: (stated: Stated, tensors: TensorShapes) => Checkpoint;
}
