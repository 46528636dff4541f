// The shared session of a group of runs (lanes.ts): gathers what each lane feeds, runs all lanes when every one that is still in
// the group waits, and hands each its own part of the results.
import { arrays, type Tensor } from '../base/tensor.ts';
import type { GraphModel } from '../graph/export.ts';
import type { Feeds, Runtime, Session } from './session.ts';
import { openUpdate } from './slab-update.ts';
import { nextState, prefixed, resultsOf, type State, type StepGraphs, type Stepper } from './stepper.ts';

export interface Group {
  /** The stepper of one lane. Disposing of it takes the lane out of the group. */
  stepper(lane: number): Stepper;
}

/** In the order in which they are run where lanes wait for different ones: those that are behind catch up. */
const kinds = ['step', 'accumulate', 'update'] as const;
type Kind = (typeof kinds)[number];

interface Waiting {
  readonly kind: Kind;
  readonly done: (outputs: Record<string, Tensor>) => void;
  readonly failed: (cause: unknown) => void;
}

interface Prepared {
  readonly session: Session;
  /** What lanes feed besides state, one array for all lanes. */
  readonly feeds: Readonly<Record<string, Tensor>>;
}

/** A lane's part of a tensor (lanes, ...), sharing its memory. */
function partOf(tensor: Tensor, lane: number): Tensor {
  const [lanes, ...shape] = tensor.shape;
  const size = tensor.data.length / lanes!;
  return { ...tensor, shape, data: tensor.data.subarray(lane * size, (lane + 1) * size) } as Tensor;
}
const partsOf = <T extends Tensor>(tensors: Readonly<Record<string, T>>, lane: number) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, partOf(tensor, lane)])) as Record<
    string,
    T
  >;

const copy = (from: Tensor, to: Tensor) => (to.data as Uint8Array).set(from.data as Uint8Array);

/** `graphs`: stacked for as many lanes as there are `states`. */
export async function openGroup(runtime: Runtime, graphs: StepGraphs, states: readonly State[]): Promise<Group> {
  const lanes = states.length;
  const zeros = (model: GraphModel, wanted: (name: string) => boolean): Record<string, Tensor> =>
    Object.fromEntries(
      [...model.inputs].flatMap(([name, { dtype, shape }]) => {
        const size = shape.reduce((n, d) => n * d, 1);
        return wanted(name) ? [[name, { dtype, shape, data: new arrays[dtype](size) } as Tensor]] : [];
      }),
    );
  const isSum = (name: string) => name.startsWith('grad:');
  let state = Object.fromEntries(
    Object.entries(states[0]!).map(([name, { data }]) => {
      const joined = new Float32Array(lanes * data.length);
      states.forEach((own, lane) => {
        joined.set(own[name]!.data, lane * data.length);
      });
      return [name, { dtype: 'float32', shape: [lanes, data.length], data: joined } as Tensor<'float32'>];
    }),
  ) as State;
  const prepared = new Map<Kind, Prepared>();
  const prepare = async (kind: Kind, model: GraphModel) => {
    const feeds = zeros(model, (name) => !isSum(name) && !(name in state));
    prepared.set(kind, { session: await runtime.prepare(model), feeds });
  };
  let sums: State = {};
  if ('step' in graphs) await prepare('step', graphs.step);
  else {
    await prepare('accumulate', graphs.accumulate);
    sums = zeros(graphs.accumulate, isSum) as State;
    const [first] = graphs.update;
    const feeds = first ? zeros(first.model, (name) => name.startsWith('scalar:')) : {};
    prepared.set('update', { session: await openUpdate(runtime, graphs.update), feeds });
  }

  const active = new Set(states.keys());
  const waiting = new Map<number, Waiting>();

  /** Lanes that were not meant keep what they had. */
  const kept = (next: State, before: State, meant: ReadonlySet<number>): State => {
    for (let lane = 0; lane < lanes; lane++)
      if (!meant.has(lane)) for (const name in next) copy(partOf(before[name]!, lane), partOf(next[name]!, lane));
    return next;
  };

  async function run(): Promise<void> {
    if (active.size === 0 || waiting.size < active.size) return;
    const kind = kinds.find((one) => [...waiting.values()].some((other) => other.kind === one))!;
    const meant = new Map([...waiting].filter(([, other]) => other.kind === kind));
    for (const lane of meant.keys()) waiting.delete(lane);
    try {
      const { session, feeds } = prepared.get(kind)!;
      const outputs = await session.run({ ...state, ...sums, ...feeds });
      const next = nextState(outputs);
      const whose = new Set(meant.keys());
      if (kind === 'accumulate') sums = kept(next, sums, whose);
      else state = kept(next, state, whose);
      if (kind === 'update')
        for (const lane of whose)
          for (const sum of Object.values(sums)) (partOf(sum, lane).data as Float32Array).fill(0);
      const results = resultsOf(outputs);
      for (const [lane, { done }] of meant) done(partsOf(results, lane));
    } catch (cause) {
      for (const { failed } of meant.values()) failed(cause);
    }
  }

  const ask = (lane: number, kind: Kind, own: Feeds): Promise<Record<string, Tensor>> =>
    new Promise((done, failed) => {
      // Copied now: whoever feeds may write into the same arrays for the next part.
      const { feeds } = prepared.get(kind)!;
      for (const name in feeds) copy(own[name]!, partOf(feeds[name]!, lane));
      waiting.set(lane, { kind, done, failed });
      void run();
    });

  return {
    stepper: (lane) => ({
      state: () => partsOf(state, lane),
      async step(parts, scalars) {
        let loss = 0;
        const results: Record<string, Tensor>[] = [];
        const own = prefixed('scalar:', scalars);
        const kind = prepared.has('step') ? 'step' : 'accumulate';
        for await (const part of parts) {
          const outputs = await ask(lane, kind, { ...part, ...own });
          loss += (outputs.loss as Tensor<'float32'>).data[0]!;
          results.push(outputs);
        }
        if (kind === 'accumulate') await ask(lane, 'update', own);
        return { loss, parts: results };
      },
      async dispose() {
        if (!active.delete(lane)) return;
        waiting.delete(lane);
        if (active.size > 0) return run();
        for (const { session } of prepared.values()) await session.dispose();
      },
    }),
  };
}
