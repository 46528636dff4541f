// What a graph takes of a batch of pictures - decoded bytes or rows of features - as one array to be filled at each run.
import type { Tensor } from '../base/tensor.ts';
import type { GraphModel } from '../graph/export.ts';
import type { Feeds } from '../runtime/session.ts';
import type { PictureInput } from './graphs.ts';

export interface PictureBuffer {
  readonly batch: number;
  readonly bytesPerPicture: number;
  /** The pictures end to end. */
  readonly bytes: Uint8Array;
  /** The same memory, as the graph takes it. */
  readonly feeds: Feeds;
}

/** A graph's input of pictures, with memory for a batch of them. */
export function pictureInput(model: GraphModel): PictureBuffer {
  const features = model.inputs.get('features' satisfies PictureInput);
  const { shape } = features ?? model.inputs.get('pixels' satisfies PictureInput)!;
  const [batch, ...rest] = shape as [number, ...number[]];
  const size = rest.reduce((n, d) => n * d, 1);
  const bytesPerPicture = features ? size * 4 : size;
  const bytes = new Uint8Array(batch * bytesPerPicture);
  const tensor: Tensor = features
    ? { dtype: 'float32', shape, data: new Float32Array(bytes.buffer) }
    : { dtype: 'uint8', shape, data: bytes };
  return { batch, bytesPerPicture, bytes, feeds: { [features ? 'features' : 'pixels']: tensor } };
}
