// What analyses work on: plain records, whether they come from a store, a file or the published study. Accuracies are
// shares in [0, 1]; a set is a data set.

/** A value of an option or a hyper-parameter. */
export type Value = string | number | boolean | readonly string[];

export type Params = Readonly<Record<string, Value>>;

/** One finished run with its chosen hyper-parameters, measured on the test pictures. */
export interface FinalResult {
  readonly model: string;
  readonly data: string;
  /** Family of sets for group means, e.g. 'natural'. */
  readonly group?: string;
  readonly method: string;
  readonly seed: number;
  readonly params: Params;
  readonly top1: number;
  /** Training pictures. */
  readonly pictures?: number;
  /** Trainable scalars without the head. */
  readonly parameters?: number;
  /** Training time. */
  readonly seconds?: number;
  /** Peak memory of training, bytes. */
  readonly memory?: number;
}

/** One point of a hyper-parameter grid, measured on the validation pictures. */
export interface TrialResult {
  readonly model: string;
  readonly data: string;
  readonly group?: string;
  readonly method: string;
  readonly seed: number;
  readonly params: Params;
  readonly valTop1: number;
  readonly parameters?: number;
  readonly seconds?: number;
}

/** Logits of one run on one set of pictures. Methods are compared only where `names` are the same, in the same order. */
export interface Predictions {
  readonly method: string;
  readonly data: string;
  readonly seed: number;
  /** (pictures, classes), row-major. */
  readonly logits: Float32Array;
  /** (pictures,): index of the right class. */
  readonly labels: ArrayLike<number>;
  readonly classes: readonly string[];
  /** (pictures,): one name a picture, unique. */
  readonly names: readonly string[];
}

/** Accuracy at each interpolation weight between the model before (alpha 0) and after (alpha 1) fine-tuning. */
export interface WiseCurve {
  readonly method: string;
  readonly alphas: readonly number[];
  readonly inDistribution: readonly number[];
  /** Accuracy on each shifted set, by its name. */
  readonly shifted: Readonly<Record<string, readonly number[]>>;
}

/** Accuracy of one tuned model in distribution and on shifted sets. */
export interface RobustResult {
  readonly method: string;
  readonly inDistribution: number;
  readonly shifted: Readonly<Record<string, number>>;
}
