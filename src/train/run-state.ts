// The numbers of a run by name: `param:<slab>`, `<slot>:<slab>` and, where the best epoch is kept, `best:param:<slab>`.
import { pack } from '../graph/slabs.ts';
import type { TrainedParameters } from './graphs.ts';
import { initialValues } from './initialize.ts';
import type { Run } from './run-context.ts';
import type { State } from './trainer.ts';

export const rename = (state: State, to: (name: string) => string): State =>
  Object.fromEntries(Object.entries(state).map(([name, tensor]) => [to(name), tensor]));
const only = (state: State, wanted: (name: string) => boolean): State =>
  Object.fromEntries(Object.entries(state).filter(([name]) => wanted(name)));
export const parametersOf = (state: State): State => only(state, (name) => name.startsWith('param:'));
/** The same numbers in arrays that no later step writes into. */
export const copyOf = (state: State): State =>
  Object.fromEntries(Object.entries(state).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]));
export const withoutBest = (state: State): State => only(state, (name) => !name.startsWith('best:'));
export function bestOf(state: State): State | undefined {
  const best = only(state, (name) => name.startsWith('best:'));
  return Object.keys(best).length > 0 ? rename(best, (name) => name.slice('best:'.length)) : undefined;
}

/** Start values, and optimizer state at zero. */
export async function initialState(run: Run, trained: TrainedParameters, slots: readonly string[]): Promise<State> {
  const { backbone, spec, headStart } = run;
  const values = await initialValues(trained.specs, backbone.weights, spec.training.seed, headStart?.tensors);
  const packed = pack(trained.slabs, values);
  const entries = trained.slabs.flatMap((slab, i) => [
    [`param:${slab.name}`, { dtype: 'float32', shape: [slab.size], data: packed[i]! }] as const,
    ...slots.map(
      (slot) =>
        [`${slot}:${slab.name}`, { dtype: 'float32', shape: [slab.size], data: new Float32Array(slab.size) }] as const,
    ),
  ]);
  return Object.fromEntries(entries);
}
