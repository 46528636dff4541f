// Runs one golden case through the real engine and measures the worst difference of each quantity.
import { float32, type Tensor } from '../../src/base/tensor.ts';
import { adamw } from '../../src/graph/optim.ts';
import { pack, unpack } from '../../src/graph/slabs.ts';
import { type ConfiguredMethod, configureMethods } from '../../src/methods/index.ts';
import { backboneParameters } from '../../src/model/config.ts';
import { timmSource } from '../../src/model/families/timm.ts';
import type { NoiseSpec } from '../../src/model/network.ts';
import type { MethodContext } from '../../src/model/sites.ts';
import { nodeRuntime } from '../../src/runtime/node.ts';
import type { Runtime } from '../../src/runtime/session.ts';
import { createStepper } from '../../src/runtime/stepper.ts';
import {
  accumulateGraph,
  evaluationGraph,
  noiseInput,
  stepGraph,
  type Tuning,
  trainedParameters,
  updateGraphs,
} from '../../src/train/graphs.ts';
import { initialValues } from '../../src/train/initialize.ts';
import { mergedBackbone } from '../../src/train/merge.ts';
import { asFloat, caseWeights, type GoldenCase, scalarOf, take } from './case.ts';
import { wrongStarts } from './starts.ts';
import { isPaper } from './translation.ts';
import { type Translation, translate } from './translations/index.ts';

/** Largest absolute difference per quantity, beside the tolerance it was held to. */
export interface Outcome {
  readonly worst: Readonly<Record<string, { readonly error: number; readonly tolerance: number }>>;
  readonly passed: boolean;
}

/** Tolerances that the cases' makers suggest for a float32 implementation: the study's, and the papers' own variants'. */
const studyTolerances = {
  logits: 2e-5,
  loss: 1e-5,
  grad: 2e-5,
  after: 2e-4,
  logits_after: 5e-4,
  logits_alpha: 1e-4,
  logits_merged: 2e-5,
};
const paperTolerances = {
  ...studyTolerances,
  loss: 2e-5,
  grad: 5e-5,
  merged: 2e-5,
  start: 1e-6,
  wrong_starts: 0,
};

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
  const tolerances: Readonly<Record<string, number>> = isPaper(golden) ? paperTolerances : studyTolerances;
  const worst = Object.fromEntries(
    Object.entries(errors).map(([name, error]) => [name, { error, tolerance: tolerances[name]! }]),
  );
  return { worst, passed: Object.values(worst).every(({ error, tolerance }) => error <= tolerance) };
}

function tuningOf(golden: GoldenCase, { methods }: Translation): Tuning {
  return {
    config: golden.config,
    weights: caseWeights(golden),
    methods: configureMethods(methods),
    classes: golden.json.backbone.num_classes,
    dropPath: golden.json.drop_path?.vit ?? 0,
    labelSmoothing: 0,
    decayOn: (golden.json.train?.param_groups ?? []).length > 1 ? 'matrices' : 'all',
  };
}

/** Copies: a stepper writes over the state that it is given. */
const params = (trained: ReturnType<typeof trainedParameters>, prefix: string, arrays: readonly Float32Array[]) =>
  Object.fromEntries(
    trained.slabs.map((slab, i) => [`${prefix}${slab.name}`, float32([slab.size], arrays[i]!.slice())]),
  );

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
  const startValues: Values = new Map(
    trained.specs.map(({ name }) => [
      name,
      asFloat(take(tensors, isBackbone.has(name) ? 'backbone.' : 'method.', translation.source(name))),
    ]),
  );
  const arrays = pack(trained.slabs, startValues);
  const batch = {
    pictures: tensors.get('input')!,
    labels: tensors.get('labels')!,
    weights: float32([json.batch], new Float32Array(json.batch).fill(1 / json.batch)),
  };

  // Gradients: one accumulation onto zeros.
  const whole = accumulateGraph(tuning, trained, json.batch);
  const feeds = { ...batch, ...masksOf(whole.noise, golden, translation) };
  const gradSession = await runtime.prepare(whole.model);
  const zeros = trained.slabs.map((slab) => new Float32Array(slab.size));
  const forward = (values: readonly Float32Array[]) =>
    gradSession.run({ ...feeds, ...params(trained, 'param:', values), ...params(trained, 'grad:', zeros) });
  const first = await forward(arrays);
  const gradients = unpack(
    trained.slabs,
    trained.slabs.map((slab) => first[`next:grad:${slab.name}`]!.data as Float32Array),
  );

  // Three updates: by the single graph, and by the pair for accumulated micro-batches (halves of the batch where it is even).
  const part = json.batch % 2 === 0 ? json.batch / 2 : 1;
  const start = () => ({
    ...params(trained, 'param:', arrays),
    ...Object.fromEntries(optimizer.slots.flatMap((slot) => Object.entries(params(trained, `${slot}:`, zeros)))),
  });
  const single = await createStepper({
    runtime,
    graphs: { step: stepGraph(tuning, trained, optimizer, json.batch).model },
    state: start(),
  });
  const parted = await createStepper({
    runtime,
    graphs: {
      accumulate: accumulateGraph(tuning, trained, part).model,
      update: updateGraphs(trained, optimizer),
    },
    state: start(),
  });
  for (let step = 1; step <= steps; step++) {
    const scalars = optimizer.feed({ step, learningRate: lr, weightDecay: weight_decay });
    await single.step([feeds], scalars);
    await parted.step(partsOf(feeds, json.batch, part), scalars);
  }
  const stateOf = (stepper: typeof single) =>
    unpack(
      trained.slabs,
      trained.slabs.map((slab) => stepper.state()[`param:${slab.name}`]!.data),
    );
  const results = [stateOf(single), stateOf(parted)];

  // Fixed drop-path masks act in evaluation too, so these logits come from the training graph.
  const final = await forward(pack(trained.slabs, results[0]!));
  await Promise.all([gradSession.dispose(), single.dispose(), parted.dispose()]);

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
    ...(json.init_distribution ? { wrong_starts: wrongStarts(golden, translation, trained.specs) } : {}),
    ...(await checkStart(golden, tuning, runtime)),
    ...(tensors.has('logits_merged') ? await checkMerged(golden, tuning, trained, arrays, runtime) : {}),
  };
}

/** Our own start, in networks whose original starts at the pre-trained function: the head alone decides. */
async function checkStart(golden: GoldenCase, tuning: Tuning, runtime: Runtime): Promise<Record<string, number>> {
  if (!golden.json.checks?.start_preserves_pretrained_function || !golden.name.endsWith('_init')) return {};
  const logits = async (methods: Tuning['methods']) => {
    const own: Tuning = { ...tuning, methods, headInit: { kind: 'normal', std: 0.3 } };
    const trained = trainedParameters(own);
    const values = await initialValues(trained.specs, own.weights, 0);
    const session = await runtime.prepare(evaluationGraph(own, trained, golden.json.batch));
    const feeds = params(trained, 'param:', pack(trained.slabs, values));
    const out = await session.run({ ...feeds, pictures: golden.tensors.get('input')! });
    await session.dispose();
    return out.logits!.data as Float32Array;
  };
  return { start: maxError(await logits(tuning.methods), await logits(configureMethods([{ name: 'linear' }]))) };
}

/** Merged into plain weights: the weights against the original's, where it has some, and the plain network's logits. */
async function checkMerged(
  golden: GoldenCase,
  tuning: Tuning,
  trained: ReturnType<typeof trainedParameters>,
  arrays: readonly Float32Array[],
  runtime: Runtime,
): Promise<Record<string, number>> {
  const { tensors, config } = golden;
  const values = unpack(trained.slabs, arrays);
  const merged = await mergedBackbone(runtime, tuning, trained, values);
  const plain: Tuning = { ...tuning, ...merged, methods: configureMethods([{ name: 'linear' }]) };
  const plainTrained = trainedParameters(plain);
  const session = await runtime.prepare(evaluationGraph(plain, plainTrained, golden.json.batch));
  const out = await session.run({
    pictures: tensors.get('input')!,
    ...params(plainTrained, 'param:', pack(plainTrained.slabs, values)),
  });
  await session.dispose();
  const names = backboneParameters(config).map(({ name }) => ({ name, source: timmSource(name, config.width) }));
  const compared = names.filter(({ source }) => tensors.has(`merged.${source.name}`));
  let worst = 0;
  for (const { name, source } of compared) {
    const want = take<Tensor<'float32'>>(tensors, 'merged.', source).data;
    worst = Math.max(worst, maxError((await merged.weights.read(name)).data, want));
  }
  return {
    logits_merged: maxError(out.logits!.data as Float32Array, tensors.get('logits_merged')!.data as Float32Array),
    ...(compared.length > 0 ? { merged: worst } : {}),
  };
}

/** The case's fixed drop-path masks, as the noise that the graph takes. */
function masksOf(
  noise: readonly NoiseSpec[],
  { tensors }: GoldenCase,
  translation: Translation,
): Record<string, Tensor> {
  return Object.fromEntries(
    noise.map((spec) => {
      const mask = take<Tensor<'float32'>>(tensors, 'drop_path_mask.', translation.source(spec.name));
      return [noiseInput(spec), float32(spec.shape, mask.data)];
    }),
  );
}

/** Every input cut into parts of `size` pictures. */
function partsOf(feeds: Readonly<Record<string, Tensor>>, batch: number, size: number): Record<string, Tensor>[] {
  const part = (tensor: Tensor, k: number): Tensor => {
    const per = (tensor.data.length / batch) * size;
    const data = tensor.data.slice(k * per, (k + 1) * per);
    return { dtype: tensor.dtype, shape: tensor.shape.with(0, size), data } as unknown as Tensor;
  };
  return Array.from({ length: batch / size }, (_, k) =>
    Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, part(tensor, k)])),
  );
}

/** A method on which the merge factor doesn't act: the study's code leaves some of those it combines alone. */
function atFullStrength({ method, options }: ConfiguredMethod): ConfiguredMethod {
  const full = (context: MethodContext): MethodContext => ({
    ...context,
    contribution: (x) => x,
    interpolate: (_without, withIt) => withIt(),
  });
  const bound = <A, R>(kind: string, handle: ((context: MethodContext, args: A) => R) | undefined) =>
    handle && { [kind]: (context: MethodContext, args: A) => handle(full(context), args) };
  return {
    options,
    method: {
      ...method,
      at(values, config) {
        const { linear, after, branch, attention, tokens, feature, ...rest } = method.at?.(values, config) ?? {};
        return {
          ...rest,
          ...bound('linear', linear),
          ...bound('after', after),
          ...bound('branch', branch),
          ...bound('attention', attention),
          ...bound('tokens', tokens),
          ...bound('feature', feature),
        };
      },
    },
  };
}

/** WiSE: the head (and tuned weights) interpolated, inserted modules multiplied by alpha. */
async function checkMerge(
  golden: GoldenCase,
  translation: Translation,
  runtime: Runtime,
): Promise<Record<string, number>> {
  const { tensors, json } = golden;
  const { tool, option, alphas } = json.merge!;
  const whole = tuningOf(golden, translation);
  const tuning: Tuning = {
    ...whole,
    methods: whole.methods.map((chosen) =>
      translation.withoutMergeFactor.has(chosen.method.name) ? atFullStrength(chosen) : chosen,
    ),
  };
  const trained = trainedParameters(tuning);
  const session = await runtime.prepare(evaluationGraph(tuning, trained, json.batch, { strength: true }));
  let worst = 0;
  for (const alpha of alphas) {
    const values: Values = new Map(
      trained.specs.map(({ name, role }) => {
        const source = translation.source(name);
        const tuned = asFloat(take(tensors, 'finetuned.', source));
        // merge_petl interpolates the head alone; what else was tuned in the backbone stays as it is.
        if (role !== 'head' && tool === 'merge_petl') return [name, tuned];
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
