// Feeds parameters and optimizer state back into the graph between steps: the only place where a run's numbers live. A
// batch larger than the micro-batch is run in parts whose gradients are summed before one update.
import type { Tensor } from '../base/tensor.ts';
import type { GraphModel } from '../graph/export.ts';
import type { Feeds, Runtime, Session } from './session.ts';

export interface StepResult {
  /** Sum over the batch of weight x loss. */
  readonly loss: number;
  /** All outputs of each part. */
  readonly parts: readonly Readonly<Record<string, Tensor>>[];
}

/** One graph for a whole step, or two for accumulated parts. */
export type StepGraphs =
  | { readonly step: GraphModel }
  | { readonly accumulate: GraphModel; readonly update: GraphModel };

export interface StepperOptions {
  readonly runtime: Runtime;
  readonly graphs: StepGraphs;
  /** `param:<slab>` and `<slot>:<slab>` arrays; owned by the stepper from now on. */
  readonly state: Record<string, Tensor<'float32'>>;
}

export interface Stepper {
  /** The state after the last finished step. Replaced, never written into: safe to save while the next step runs. */
  state(): Readonly<Record<string, Tensor<'float32'>>>;
  /** Runs one step. `parts` are the batch's micro-batches (exactly one for a single-graph step). */
  step(
    parts: Iterable<Feeds> | AsyncIterable<Feeds>,
    scalars: Readonly<Record<string, Tensor<'float32'>>>,
  ): Promise<StepResult>;
  dispose(): Promise<void>;
}

export const prefixed = (prefix: string, tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));

/** The outputs `next:<name>`, as `<name>`. */
export function nextState(outputs: Readonly<Record<string, Tensor>>): Record<string, Tensor<'float32'>> {
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, tensor]) =>
      name.startsWith('next:') ? [[name.slice('next:'.length), tensor as Tensor<'float32'>]] : [],
    ),
  );
}

export async function createStepper({ runtime, graphs, state: initial }: StepperOptions): Promise<Stepper> {
  const sessions: Session[] = [];
  const prepare = async (model: GraphModel) => {
    const session = await runtime.prepare(model);
    sessions.push(session);
    return session;
  };
  let state: Readonly<Record<string, Tensor<'float32'>>> = initial;

  const single = 'step' in graphs ? await prepare(graphs.step) : undefined;
  const accumulate = 'accumulate' in graphs ? await prepare(graphs.accumulate) : undefined;
  const update = 'update' in graphs ? await prepare(graphs.update) : undefined;
  const zeroGradients =
    'update' in graphs
      ? Object.fromEntries(
          [...graphs.update.inputs].flatMap(([name, { shape }]) =>
            name.startsWith('grad:')
              ? [[name, { dtype: 'float32', shape, data: new Float32Array(shape[0]!) } as const]]
              : [],
          ),
        )
      : {};

  return {
    state: () => state,
    async step(parts, scalars) {
      let loss = 0;
      const results: Record<string, Tensor>[] = [];
      const take = (outputs: Record<string, Tensor>) => {
        loss += (outputs.loss as Tensor<'float32'>).data[0]!;
        results.push(outputs);
      };
      if (single) {
        for await (const part of parts) {
          const outputs = await single.run({ ...state, ...prefixed('scalar:', scalars), ...part });
          take(outputs);
          state = nextState(outputs);
        }
        return { loss, parts: results };
      }
      let sums: Record<string, Tensor> = zeroGradients;
      for await (const part of parts) {
        const outputs = await accumulate!.run({ ...state, ...sums, ...part });
        take(outputs);
        sums = nextState(outputs);
      }
      state = nextState(await update!.run({ ...state, ...sums, ...prefixed('scalar:', scalars) }));
      return { loss, parts: results };
    },
    async dispose() {
      for (const session of sessions) await session.dispose();
    },
  };
}
