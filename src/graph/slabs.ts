// Trained parameters travel in slabs: large tensors each alone, small ones joined into one flat vector. BitFit on ViT-B has
// 100 small tensors; as one slab their optimizer is a dozen nodes instead of 1,200, and a step feeds three arrays.
import { InternalError } from '../base/errors.ts';
import { type Shape, sizeOf, type Tensor } from '../base/tensor.ts';
import type { Graph } from './graph.ts';
import { reshape, split } from './ops/shape.ts';
import type { Value } from './types.ts';

export interface SlabEntry {
  readonly name: string;
  readonly shape: Shape;
}

export interface Slab {
  readonly name: string;
  /** Elements in all. */
  readonly size: number;
  /** Whether weight decay applies. */
  readonly decay: boolean;
  readonly entries: readonly SlabEntry[];
}

/** Above this many elements a tensor is a slab of its own: joining it would cost a copy at every step. */
const soloSize = 65_536;

/** Lays parameters out in slabs, in their order; those with and without weight decay never share one. */
export function layOut(parameters: readonly (SlabEntry & { readonly decay: boolean })[]): Slab[] {
  const slabs: Slab[] = [];
  const joined = { true: [] as SlabEntry[], false: [] as SlabEntry[] };
  for (const { name, shape, decay } of parameters) {
    if (sizeOf(shape) > soloSize) slabs.push({ name, size: sizeOf(shape), decay, entries: [{ name, shape }] });
    else joined[`${decay}`].push({ name, shape });
  }
  for (const decay of [true, false]) {
    const entries = joined[`${decay}`];
    const size = entries.reduce((n, e) => n + sizeOf(e.shape), 0);
    if (entries.length > 0) slabs.push({ name: decay ? 'small' : 'small_undecayed', size, decay, entries });
  }
  return slabs;
}

/** Parts of one Split at most: WebGPU binds 12 buffers to a shader, inputs included. */
const splitWidth = 8;

/** Cuts a flat vector into these sizes, by a tree of splits where there are many. */
function cut(vector: Value, sizes: readonly number[]): Value[] {
  if (sizes.length <= splitWidth) return [...split(vector, 0, sizes)];
  const perGroup = Math.ceil(sizes.length / splitWidth);
  const groups = Array.from({ length: Math.ceil(sizes.length / perGroup) }, (_, g) =>
    sizes.slice(g * perGroup, (g + 1) * perGroup),
  );
  const parts = split(
    vector,
    0,
    groups.map((group) => group.reduce((a, b) => a + b, 0)),
  );
  return groups.flatMap((group, g) => cut(parts[g]!, group));
}

/** One graph input a slab, and each parameter as a view of it. */
export function slabInputs(graph: Graph, slabs: readonly Slab[]): { inputs: Value[]; views: Map<string, Value> } {
  const views = new Map<string, Value>();
  const inputs = slabs.map((slab) => {
    const input = graph.input(`param:${slab.name}`, 'float32', [slab.size]);
    const parts = cut(
      input,
      slab.entries.map((entry) => sizeOf(entry.shape)),
    );
    slab.entries.forEach((entry, i) => {
      views.set(entry.name, reshape(parts[i]!, entry.shape));
    });
    return input;
  });
  return { inputs, views };
}

/** Joins named tensors into slab arrays. Throws InternalError where one is missing or has another size. */
export function pack(slabs: readonly Slab[], tensors: ReadonlyMap<string, Tensor<'float32'>>): Float32Array[] {
  return slabs.map((slab) => {
    const out = new Float32Array(slab.size);
    let offset = 0;
    for (const { name, shape } of slab.entries) {
      const tensor = tensors.get(name);
      if (tensor?.data.length !== sizeOf(shape))
        throw new InternalError(`pack: ${name} is missing or has another size`);
      out.set(tensor.data, offset);
      offset += tensor.data.length;
    }
    return out;
  });
}

/** The named tensors of slab arrays, as copies. */
export function unpack(slabs: readonly Slab[], arrays: readonly Float32Array[]): Map<string, Tensor<'float32'>> {
  const out = new Map<string, Tensor<'float32'>>();
  slabs.forEach((slab, i) => {
    let offset = 0;
    for (const { name, shape } of slab.entries) {
      const size = sizeOf(shape);
      out.set(name, { dtype: 'float32', shape, data: arrays[i]!.slice(offset, offset + size) });
      offset += size;
    }
  });
  return out;
}
