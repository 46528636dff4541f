// Weight files on disk, of any known format: what is in them, where it lies, and the tensors one at a time.
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '../base/errors.ts';
import type { DType, Shape, Tensor } from '../base/tensor.ts';
import { type ByteSource, quoted } from './byte-source.ts';
import { type FileSource, openFileSource } from './byte-source-file.ts';
import type { OnnxGraph } from './onnx/graph.ts';
import type { TensorFormat } from './tensor-set.ts';
import { type OpenOptions, openTensors } from './tensors.ts';

export interface TensorFileEntry {
  readonly dtype: DType;
  readonly shape: Shape;
  /**
   * Where its bytes are the tensor as they lie (row by row, little-endian), so that a graph can map them; left out where
   * they have to be decoded. At any alignment: ONNX Runtime takes external data at every offset.
   */
  readonly slice?: {
    /** Absolute folder and file name, symbolic links resolved. */
    readonly folder: string;
    readonly file: string;
    /** Bytes from the start of the file. */
    readonly offset: number;
    readonly byteLength: number;
  };
}

export interface TensorFile {
  /** The file's real path: symbolic links resolved. */
  readonly path: string;
  readonly format: TensorFormat;
  readonly tensors: ReadonlyMap<string, TensorFileEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The nodes of an ONNX file. */
  readonly graph?: OnnxGraph;
  /** All files that it consists of, real paths: the shards of an index, external data. Their bytes are the checkpoint. */
  readonly files: readonly string[];
  /** Reads one tensor, in the type it is stored in. Rejects with CheckpointError for an unknown name or bad bytes. */
  read(name: string): Promise<Tensor>;
}

/** Opens a weight file (or the index of shards) and checks all it claims. Rejects with CheckpointError. */
export async function openTensorFile(path: string, options: OpenOptions = {}): Promise<TensorFile> {
  const paths = new Map<ByteSource, string>();
  const open = async (name: string): Promise<FileSource> => {
    const source = await openFileSource(name);
    paths.set(source, source.path);
    return source;
  };
  const source = await open(path);
  // Beside the path as given: in the hub's cache that is a folder of links, whose targets have other names.
  const set = await openTensors(source, (name) => open(join(dirname(path), name)), options);
  const tensors = new Map<string, TensorFileEntry>();
  for (const [name, { dtype, shape, place }] of set.tensors) {
    const real = place && paths.get(place.source);
    if (!place || real === undefined) tensors.set(name, { dtype, shape });
    else {
      const { offset, byteLength } = place;
      tensors.set(name, { dtype, shape, slice: { folder: dirname(real), file: basename(real), offset, byteLength } });
    }
  }
  return {
    path: source.path,
    format: set.format,
    tensors,
    metadata: set.metadata,
    ...(set.graph && { graph: set.graph }),
    files: [...new Set(paths.values())],
    async read(name) {
      const tensor = set.tensors.get(name);
      if (!tensor) throw new CheckpointError(`${path}: has no tensor ${quoted(name)}`);
      return tensor.load();
    },
  };
}
