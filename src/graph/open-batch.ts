// Graphs have static shapes; an exported one should take any number of pictures. It is built for a batch size that occurs
// nowhere else, and every axis that this number divides is left open.
import { InternalError } from '../base/errors.ts';
import { int64, type Shape, showShape, type Tensor } from '../base/tensor.ts';
import type { OnnxNode } from './types.ts';

/** A prime: no width, number of tokens or image size is a multiple of it. */
export const anyBatch = 8191;

/** Name of the open axis. */
export const batchAxis = 'batch_size';

export const isOpen = (size: number): boolean => size % anyBatch === 0;

export interface ShapeEmitter {
  readonly literal: (tensor: Tensor) => string;
  readonly temporary: () => string;
  /** Adds a node before the one that is emitted now. */
  readonly add: (node: OnnxNode) => void;
}

/** Names of the shapes that Reshape and Expand take, with open axes worked out at each run. `input`: (B, ...). */
export function openShapes(input: string, { literal, temporary, add }: ShapeEmitter) {
  const vector = (values: readonly number[]) => literal(int64([values.length], values));
  let batch: string | undefined;
  const lengths = new Map<number, string>();

  /** The name of a vector of one number, `multiple` times the number of pictures. */
  const length = (multiple: number): string => {
    if (batch === undefined) {
      batch = temporary();
      add({ opType: 'Shape', inputs: [input], outputs: [batch], ints: { start: 0, end: 1 } });
    }
    if (multiple === 1) return batch;
    const known = lengths.get(multiple);
    if (known !== undefined) return known;
    const made = temporary();
    lengths.set(multiple, made);
    add({ opType: 'Mul', inputs: [batch, vector([multiple])], outputs: [made] });
    return made;
  };

  return {
    /** Throws InternalError where two axes are open: Reshape finds out one. */
    reshaped(shape: Shape): string {
      if (shape.filter(isOpen).length > 1)
        throw new InternalError(`export: reshape to ${showShape(shape)} has more than one open axis`);
      return vector(shape.map((size) => (isOpen(size) ? -1 : size)));
    },
    /** `from`: what is expanded. An axis that is open already stays as it is: Expand takes 1 for that. */
    expanded(from: Shape, shape: Shape): string {
      const sizes = shape.map((size, i) => (isOpen(size) && from[i - shape.length + from.length] === size ? 1 : size));
      if (!sizes.some(isOpen)) return vector(sizes);
      const joined = temporary();
      const inputs = sizes.map((size) => (isOpen(size) ? length(size / anyBatch) : vector([size])));
      add({ opType: 'Concat', inputs, outputs: [joined], ints: { axis: 0 } });
      return joined;
    },
  };
}
