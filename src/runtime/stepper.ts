// Feeds parameters and optimizer state back into the graph between steps: the only place where a run's numbers live. A
// batch larger than the micro-batch is run in parts whose gradients are summed before one update.
import type { Tensor } from '../base/tensor.ts';
import type { GraphModel } from '../graph/export.ts';
import type { Feeds, Runtime, Session } from './session.ts';
import { openUpdate, type SlabUpdate } from './slab-update.ts';

export interface StepResult {
  /** Sum over the batch of weight x loss. */
  readonly loss: number;
  /** Outputs of each part, without the new state. */
  readonly parts: readonly Readonly<Record<string, Tensor>>[];
}

/** One graph for a whole step, or two for accumulated parts. */
export type StepGraphs =
  | { readonly step: GraphModel }
  | { readonly accumulate: GraphModel; readonly update: readonly SlabUpdate[] };

/** `param:<slab>` and `<slot>:<slab>`, or sums of gradients: arrays by name. */
export type State = Readonly<Record<string, Tensor<'float32'>>>;

export interface StepperOptions {
  readonly runtime: Runtime;
  readonly graphs: StepGraphs;
  /** `param:<slab>` and `<slot>:<slab>` arrays; owned by the stepper from now on. */
  readonly state: State;
}

export interface Stepper {
  /** The state after the last finished step. A next step may write into its arrays: copy what has to outlive it. */
  state(): State;
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

/** The outputs that are not `next:<name>`: whoever keeps them keeps no old state alive. */
export const resultsOf = (outputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(outputs).filter(([name]) => !name.startsWith('next:')));

/** An array for each sum of gradients. */
const sumsOf = (inputs: GraphModel['inputs'], arrayOf: (size: number) => Float32Array): State =>
  Object.fromEntries(
    [...inputs].flatMap(([name, { shape }]) =>
      name.startsWith('grad:') ? [[name, { dtype: 'float32', shape, data: arrayOf(shape[0]!) }]] : [],
    ),
  );

/** Zeros to begin sums with: those of one size share them, since a fully trained backbone has as many as it has weights. */
function zeroSums(inputs: GraphModel['inputs']): State {
  const zeros = new Map<number, Float32Array>();
  return sumsOf(inputs, (size) => {
    const known = zeros.get(size) ?? new Float32Array(size);
    zeros.set(size, known);
    return known;
  });
}

export async function createStepper({ runtime, graphs, state: initial }: StepperOptions): Promise<Stepper> {
  const sessions: Session[] = [];
  const prepare = async (model: GraphModel) => {
    const session = await runtime.prepare(model);
    sessions.push(session);
    return session;
  };
  let state: State = initial;

  const single = 'step' in graphs ? await prepare(graphs.step) : undefined;
  const accumulate = 'accumulate' in graphs ? await prepare(graphs.accumulate) : undefined;
  const update = 'update' in graphs ? await openUpdate(runtime, graphs.update) : undefined;
  if (update) sessions.push(update);
  // Sums and, in the update, the state are written over in place: the addition of a part and the optimizer are the last to read
  // what they write. Else a fully trained ViT-B would hold 1.4 GB twice. In a whole step a gradient may still need an old weight.
  const noSums = 'accumulate' in graphs ? zeroSums(graphs.accumulate.inputs) : {};
  const ownSums = 'accumulate' in graphs ? sumsOf(graphs.accumulate.inputs, (size) => new Float32Array(size)) : {};

  return {
    state: () => state,
    async step(parts, scalars) {
      let loss = 0;
      const results: Record<string, Tensor>[] = [];
      const take = (outputs: Record<string, Tensor>) => {
        loss += (outputs.loss as Tensor<'float32'>).data[0]!;
        results.push(resultsOf(outputs));
      };
      if (single) {
        for await (const part of parts) {
          const outputs = await single.run({ ...state, ...prefixed('scalar:', scalars), ...part });
          take(outputs);
          state = nextState(outputs);
        }
        return { loss, parts: results };
      }
      let sums = noSums;
      for await (const part of parts) {
        const outputs = await accumulate!.run({ ...state, ...sums, ...part }, prefixed('next:', ownSums));
        take(outputs);
        sums = nextState(outputs);
      }
      const inputs = { ...state, ...sums, ...prefixed('scalar:', scalars) };
      state = nextState(await update!.run(inputs, prefixed('next:', state)));
      return { loss, parts: results };
    },
    async dispose() {
      for (const session of sessions) await session.dispose();
    },
  };
}
