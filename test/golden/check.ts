// Runs one golden case through the real engine and measures the worst difference of each quantity.
import { float32, type Tensor } from '../../src/base/tensor.ts';
import { adamw } from '../../src/graph/optim.ts';
import { pack, unpack } from '../../src/graph/slabs.ts';
import { configureMethod } from '../../src/methods/index.ts';
import { nodeRuntime } from '../../src/runtime/node.ts';
import type { Runtime } from '../../src/runtime/session.ts';
import { createStepper } from '../../src/runtime/stepper.ts';
import {
  accumulateGraph,
  evaluationGraph,
  stepGraph,
  type Tuning,
  trainedParameters,
  updateGraph,
} from '../../src/train/graphs.ts';
import { asFloat, caseWeights, type GoldenCase, scalarOf, take } from './case.ts';
import { type Translation, translate } from './translations/index.ts';

/** Largest absolute difference per quantity, beside the tolerance it was held to. */
export interface Outcome {
  readonly worst: Readonly<Record<string, { readonly error: number; readonly tolerance: number }>>;
  readonly passed: boolean;
}

/** METHODS.md's tolerances for a float32 implementation. */
const tolerances = { logits: 2e-5, loss: 1e-5, grad: 2e-5, after: 2e-4, logits_after: 5e-4, logits_alpha: 1e-4 };

type Values = Map<string, Tensor<'float32'>>;

function maxError(got: ArrayLike<number>, want: ArrayLike<number>, mask?: ArrayLike<number>): number {
  if (got.length !== want.length) throw new Error(`compared ${got.length} numbers with ${want.length}`);
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    if (mask && mask[i] === 0) continue;
    const error = Math.abs(got[i]! - want[i]!);
    if (!(error <= worst)) worst = error; // NaN counts as the worst
  }
  return worst;
}

export async function checkCase(
  golden: GoldenCase,
  runtime: Runtime = nodeRuntime({ threads: 1 }),
): Promise<Outcome | { skip: string }> {
  if (golden.json.quirk) return { skip: "reproduces a crash or a mistake of the authors' on purpose" };
  const translation = translate(golden);
  if ('skip' in translation) return translation;
  const errors =
    golden.json.kind === 'merge'
      ? await checkMerge(golden, translation, runtime)
      : await checkStep(golden, translation, runtime);
  const worst = Object.fromEntries(
    Object.entries(errors).map(([name, error]) => [
      name,
      { error, tolerance: tolerances[name as keyof typeof tolerances] },
    ]),
  );
  return { worst, passed: Object.values(worst).every(({ error, tolerance }) => error <= tolerance) };
}

function tuningOf(golden: GoldenCase, { methods }: Translation): Tuning {
  return {
    config: golden.config,
    weights: caseWeights(golden),
    methods: methods.map(configureMethod),
    classes: golden.json.backbone.num_classes,
    dropPath: 0,
    labelSmoothing: 0,
    decayOn: 'all',
  };
}

const params = (trained: ReturnType<typeof trainedParameters>, prefix: string, arrays: readonly Float32Array[]) =>
  Object.fromEntries(trained.slabs.map((slab, i) => [`${prefix}${slab.name}`, float32([slab.size], arrays[i]!)]));

async function checkStep(
  golden: GoldenCase,
  translation: Translation,
  runtime: Runtime,
): Promise<Record<string, number>> {
  const { tensors, json } = golden;
  const { lr, weight_decay, steps } = json.train!;
  const tuning = tuningOf(golden, translation);
  const trained = trainedParameters(tuning);
  const optimizer = adamw();
  const isBackbone = new Set(trained.specs.filter((spec) => spec.role !== 'method').map((spec) => spec.name));
  const start: Values = new Map(
    trained.specs.map(({ name }) => [
      name,
      asFloat(take(tensors, isBackbone.has(name) ? 'backbone.' : 'method.', translation.source(name))),
    ]),
  );
  const arrays = pack(trained.slabs, start);
  const batch = {
    pictures: tensors.get('input')!,
    labels: tensors.get('labels')!,
    weights: float32([json.batch], new Float32Array(json.batch).fill(1 / json.batch)),
  };

  // Gradients: one accumulation onto zeros.
  const gradSession = await runtime.prepare(accumulateGraph(tuning, trained, json.batch).model);
  const zeros = trained.slabs.map((slab) => new Float32Array(slab.size));
  const first = await gradSession.run({
    ...batch,
    ...params(trained, 'param:', arrays),
    ...params(trained, 'grad:', zeros),
  });
  const gradients = unpack(
    trained.slabs,
    trained.slabs.map((slab) => first[`next:grad:${slab.name}`]!.data as Float32Array),
  );
  await gradSession.dispose();

  // Three updates: by the single graph, and by the pair for accumulated micro-batches (each half of the batch).
  const slots = optimizer.slots.flatMap((slot) => Object.entries(params(trained, `${slot}:`, zeros)));
  const whole = await createStepper({
    runtime,
    graphs: { step: stepGraph(tuning, trained, optimizer, json.batch).model },
    state: { ...params(trained, 'param:', arrays), ...Object.fromEntries(slots) },
  });
  const halves = await createStepper({
    runtime,
    graphs: {
      accumulate: accumulateGraph(tuning, trained, json.batch / 2).model,
      update: updateGraph(trained, optimizer),
    },
    state: { ...params(trained, 'param:', arrays), ...Object.fromEntries(slots) },
  });
  for (let step = 1; step <= steps; step++) {
    const scalars = optimizer.feed({ step, learningRate: lr, weightDecay: weight_decay });
    await whole.step([batch], scalars);
    await halves.step(halve(batch, json.batch), scalars);
  }
  const stateOf = (stepper: typeof whole) =>
    unpack(
      trained.slabs,
      trained.slabs.map((slab) => stepper.state()[`param:${slab.name}`]!.data),
    );
  const results = [stateOf(whole), stateOf(halves)];

  const evaluation = await runtime.prepare(evaluationGraph(tuning, trained, json.batch));
  const final = await evaluation.run({
    pictures: batch.pictures,
    ...params(trained, 'param:', pack(trained.slabs, results[0]!)),
  });
  await Promise.all([evaluation.dispose(), whole.dispose(), halves.dispose()]);

  const compare = (prefix: string, got: Values) =>
    Math.max(
      ...trained.specs.map(({ name }) => {
        const source = translation.source(name);
        const mask =
          prefix === 'after.' && tensors.has(`after_mask.${source.name}`)
            ? take(tensors, 'after_mask.', source)
            : undefined;
        return maxError(
          got.get(name)!.data,
          take<Tensor<'float32'>>(tensors, prefix, source).data,
          mask?.data as Uint8Array,
        );
      }),
    );
  return {
    logits: maxError(first.logits!.data as Float32Array, tensors.get('logits')!.data as Float32Array),
    loss: Math.abs(scalarOf(first.loss) - scalarOf(tensors.get('loss'))),
    grad: compare('grad.', gradients),
    after: Math.max(...results.map((result) => compare('after.', result))),
    logits_after: maxError(final.logits!.data as Float32Array, tensors.get('logits_after')!.data as Float32Array),
  };
}

function halve(batch: { pictures: Tensor; labels: Tensor; weights: Tensor }, size: number) {
  const half = size / 2;
  const part = (tensor: Tensor, k: number): Tensor => {
    const per = tensor.data.length / size;
    const data = tensor.data.slice(k * half * per, (k + 1) * half * per);
    return { dtype: tensor.dtype, shape: tensor.shape.with(0, half), data } as unknown as Tensor;
  };
  return [0, 1].map((k) => ({
    pictures: part(batch.pictures, k),
    labels: part(batch.labels, k),
    weights: part(batch.weights, k),
  }));
}

/** WiSE: the head (and tuned weights) interpolated, inserted modules multiplied by alpha. */
async function checkMerge(
  golden: GoldenCase,
  translation: Translation,
  runtime: Runtime,
): Promise<Record<string, number>> {
  const { tensors, json } = golden;
  const { tool, option, alphas } = json.merge!;
  const tuning = tuningOf(golden, translation);
  const trained = trainedParameters(tuning);
  const session = await runtime.prepare(evaluationGraph(tuning, trained, json.batch, { strength: true }));
  let worst = 0;
  for (const alpha of alphas) {
    const values: Values = new Map(
      trained.specs.map(({ name, role }) => {
        const source = translation.source(name);
        const tuned = asFloat(take(tensors, 'finetuned.', source));
        if (role === 'method' && tool === 'merge_petl') return [name, tuned];
        const start = asFloat(take(tensors, role === 'method' ? 'method.' : 'backbone.', source));
        return [
          name,
          float32(
            tuned.shape,
            tuned.data.map((x, i) => (1 - alpha) * start.data[i]! + alpha * x),
          ),
        ];
      }),
    );
    const strength = float32([], [tool === 'merge_petl' && option !== 'fc' ? alpha : 1]);
    const { logits } = await session.run({
      pictures: tensors.get('input')!,
      strength,
      ...params(trained, 'param:', pack(trained.slabs, values)),
    });
    worst = Math.max(
      worst,
      maxError(logits!.data as Float32Array, tensors.get(`logits_alpha.${alpha.toFixed(1)}`)!.data as Float32Array),
    );
  }
  await session.dispose();
  return { logits_alpha: worst };
}
