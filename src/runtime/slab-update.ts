// The optimizer on one slab after the other, as a session that takes and gives all of them: what a fully trained backbone needs
// beyond its state is then one slab's worth, not the whole again. Slabs of one size share a graph.
import type { Tensor } from '../base/tensor.ts';
import type { GraphModel } from '../graph/export.ts';
import type { Feeds, Runtime, Session } from './session.ts';

/** `param`, `grad`, the slots by their names and `scalar:<name>` -> `next:param` and `next:<slot>`, for each of the slabs. */
export interface SlabUpdate {
  readonly model: GraphModel;
  readonly slabs: readonly string[];
}

/** Inputs `<name>:<slab>` and scalars -> `next:<name>:<slab>`, for all slabs. `into` as for any session. Throws DeviceError. */
export async function openUpdate(runtime: Runtime, updates: readonly SlabUpdate[]): Promise<Session> {
  const sessions: Session[] = [];
  for (const { model } of updates) sessions.push(await runtime.prepare(model));
  return {
    async run(feeds: Feeds, into: Feeds = {}) {
      const results: Record<string, Tensor> = {};
      for (const [i, { model, slabs }] of updates.entries())
        for (const slab of slabs) {
          const of = (all: Feeds, names: Iterable<string>): Feeds =>
            Object.fromEntries(
              [...names].flatMap((name) => {
                const tensor = all[name.startsWith('scalar:') ? name : `${name}:${slab}`];
                return tensor ? [[name, tensor]] : [];
              }),
            );
          const outputs = await sessions[i]!.run(of(feeds, model.inputs.keys()), of(into, model.outputs.keys()));
          for (const [name, tensor] of Object.entries(outputs)) results[`${name}:${slab}`] = tensor;
        }
      return results;
    },
    async dispose() {
      for (const session of sessions) await session.dispose();
    },
  };
}
