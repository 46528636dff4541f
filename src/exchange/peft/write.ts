// A run as an adapter of Hugging Face PEFT: adapter_config.json and adapter_model.safetensors, for
// PeftModel.from_pretrained(base, FOLDER) on the base that the run was trained on, with a classifier of as many classes.
import { join } from 'node:path';
import { OptionError } from '../../base/errors.ts';
import { float32, type Tensor } from '../../base/tensor.ts';
import { writeSafetensors } from '../../formats/safetensors-file.ts';
import type { LayerForm } from '../../methods/peft-form.ts';
import { backboneParameters, gridOf, type LinearPart, type VitConfig } from '../../model/config.ts';
import { hubNameOf } from '../../model/hub-cache-file.ts';
import { linearSite } from '../../model/sites.ts';
import type { Weights } from '../../model/weights.ts';
import type { Loaded } from '../../train/host.ts';
import { writeJson } from '../../train/run-folder.ts';
import { besideMeanPatch } from '../hugging-face.ts';
import { moduleNames, type TheirModule } from './module-names.ts';
import { asClassifier } from './read.ts';

type Float = Tensor<'float32'>;

/** A change of one of their modules: of a fused layer, its parts are joined. */
type ModuleChange =
  | {
      readonly kind: 'low_rank';
      readonly a: Float;
      readonly b: Float;
      readonly factor: number;
      readonly magnitude?: Float;
    }
  | { readonly kind: 'factors'; readonly side: 'input' | 'output'; readonly vector: Float };

const refuse = (why: string) => new OptionError(`export: PEFT has no adapter for this run: ${why}`);

const vectorOf = (size: number, value: number): Float => float32([size], new Float32Array(size).fill(value));

const joined = (parts: readonly Float[]): Float => {
  const data = new Float32Array(parts.reduce((n, part) => n + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return float32([data.length], data);
};

/** The L2 norm of each row: DoRA's magnitude of a layer that isn't changed. */
function rowNorms({ shape, data }: Float): Float {
  const into = shape[1]!;
  return float32(
    [shape[0]!],
    Float32Array.from({ length: shape[0]! }, (_, i) =>
      Math.sqrt(data.subarray(i * into, (i + 1) * into).reduce((sum, x) => sum + x * x, 0)),
    ),
  );
}

interface Part {
  readonly name: string;
  readonly outputs: number;
  readonly inputs: number;
  readonly form: LayerForm | undefined;
}

/**
 * Low-rank updates of the parts of a fused layer as one: below each other where they share A; else with the A's below each
 * other and the B's on a diagonal of blocks, of as many ranks as they have together. Both are the same function.
 */
async function fusedLowRank(
  parts: readonly Part[],
  tensors: ReadonlyMap<string, Float>,
  weights: Weights,
): Promise<ModuleChange> {
  const forms = parts.map(({ form }) => (form?.kind === 'low_rank' ? form : undefined));
  const used = [...new Set(forms.flatMap((form) => (form ? [form.a] : [])))];
  const blocks = used.map((name) => tensors.get(name)!);
  const into = parts[0]!.inputs;
  const rank = blocks.reduce((n, a) => n + a.shape[0]!, 0);
  const b = new Float32Array(parts.reduce((n, { outputs }) => n + outputs, 0) * rank);
  let row = 0;
  parts.forEach(({ outputs }, i) => {
    const form = forms[i];
    if (form) {
      const own = tensors.get(form.b)!;
      const r = own.shape[1]!;
      const column = blocks.slice(0, used.indexOf(form.a)).reduce((n, a) => n + a.shape[0]!, 0);
      for (let k = 0; k < outputs; k++) b.set(own.data.subarray(k * r, (k + 1) * r), (row + k) * rank + column);
    }
    row += outputs;
  });
  const magnitudes = forms.some((form) => form?.magnitude !== undefined)
    ? await Promise.all(
        parts.map(async ({ name }, i) => {
          const own = forms[i]?.magnitude;
          return own === undefined ? rowNorms(await weights.read(`${name}.weight`)) : tensors.get(own)!;
        }),
      )
    : undefined;
  return {
    kind: 'low_rank',
    a: float32([rank, into], joined(blocks).data),
    b: float32([b.length / rank, rank], b),
    factor: forms.find((form) => form !== undefined)!.factor,
    ...(magnitudes ? { magnitude: joined(magnitudes) } : {}),
  };
}

function fusedFactors(parts: readonly Part[], tensors: ReadonlyMap<string, Float>): ModuleChange {
  const forms = parts.map(({ form }) => (form?.kind === 'factors' ? form : undefined));
  const sides = new Set(forms.flatMap((form) => (form ? [form.side] : [])));
  if (sides.has('input') && parts.length > 1)
    throw refuse('its factors on the inputs of q, k and v differ, and this backbone has one layer for them');
  const own = (i: number, size: number) => (forms[i] ? tensors.get(forms[i].vector)! : vectorOf(size, 1));
  if (sides.has('input')) return { kind: 'factors', side: 'input', vector: own(0, parts[0]!.inputs) };
  return { kind: 'factors', side: 'output', vector: joined(parts.map(({ outputs }, i) => own(i, outputs))) };
}

/** What becomes of one of their layers; undefined = nothing. Throws OptionError. */
async function changeOf(
  { name, parts }: TheirModule,
  { tuning, tensors }: Pick<Loaded, 'tuning' | 'tensors'>,
): Promise<ModuleChange | undefined> {
  const { config, methods, weights } = tuning;
  const described = parts.map((part): Part => {
    const [, block, , letter] = part.split('.');
    const site = linearSite(config, Number(block), letter as LinearPart);
    const forms = methods.flatMap(({ method, options }) => method.peft?.layer(options, site) ?? []);
    if (forms.length > 1) throw refuse(`it changes ${name} in more than one way`);
    return { name: site.name, outputs: site.outputs, inputs: site.inputs, form: forms[0] };
  });
  const kind = described.find(({ form }) => form)?.form?.kind;
  if (kind === undefined) return undefined;
  return kind === 'low_rank' ? fusedLowRank(described, tensors, weights) : fusedFactors(described, tensors);
}

/** Their norms that the run trained. Throws OptionError where it trained something else of the backbone. */
function trainedNorms(
  { trained, tuning: { config } }: Loaded,
  modules: readonly TheirModule[],
): readonly TheirModule[] {
  const infos = new Map(backboneParameters(config).map((info) => [info.name, info]));
  const names = trained.specs.filter(({ role }) => role === 'backbone').map(({ name }) => name);
  const other = names.find((name) => infos.get(name)!.module !== 'norm');
  if (other !== undefined) throw refuse(`it trained ${other} itself; --to hf and --to timm export whole weights`);
  const norms = modules.filter(({ kind, parts }) => kind === 'norm' && names.includes(`${parts[0]}.weight`));
  if (norms.length * 2 !== names.length) throw refuse('it trained norms that PEFT has no name for');
  return norms;
}

/** Throws OptionError where PEFT on the base wouldn't compute what the run does. */
function namesFor(loaded: Loaded, base: VitConfig) {
  const { tuning } = loaded;
  const { config, methods } = tuning;
  const [names] = moduleNames(config);
  if (!names || config.head !== 'linear')
    throw refuse(`transformers and timm have no classifier that is this run on a backbone of family ${config.family}`);
  const foreign = methods.find(({ method }) => method.at && !method.peft);
  if (foreign) throw refuse(`method ${foreign.method.name} is not among PEFT's; --to onnx exports every method`);
  if (config.family !== 'timm' && !['class', 'class_mean'].includes(config.pooling))
    throw refuse(`its head reads ${config.pooling}, and that of transformers doesn't`);
  const [here, there] = [gridOf(config), gridOf(base)].map((grid) => grid.join('x'));
  if (here !== there)
    throw refuse(`it was trained on ${here} patches, and the base has ${there}; --to hf exports resampled positions`);
  return names;
}

/** Writes the folder. `base`: the base as it is in its own folder. Throws OptionError. */
export async function writePeft(folder: string, loaded: Loaded, base: VitConfig): Promise<void> {
  const { modules } = namesFor(loaded, base);
  const { config: run, tuning, tensors } = loaded;
  const out = new Map<string, Float>();
  const set = (name: string, tensor: Float) => out.set(`base_model.model.${name}`, tensor);
  const changes: (readonly [string, ModuleChange])[] = [];
  for (const module of modules) {
    if (module.kind !== 'linear' || module.parts.includes('head')) continue;
    const change = await changeOf(module, loaded);
    if (change) changes.push([module.name, change]);
  }
  const norms = trainedNorms(loaded, modules);
  if (changes.length + norms.length === 0)
    throw refuse('it trained the head alone; --to hf and --to timm export whole weights');

  for (const [name, change] of changes) {
    if (change.kind === 'factors') {
      const size = change.vector.data.length;
      set(`${name}.ia3_l`, float32(change.side === 'input' ? [1, size] : [size, 1], change.vector.data));
    } else {
      set(`${name}.lora_A.weight`, change.a);
      set(`${name}.lora_B.weight`, change.b);
      if (change.magnitude) set(`${name}.lora_magnitude_vector`, change.magnitude);
    }
  }
  for (const { name, parts } of norms)
    for (const leaf of ['weight', 'bias'])
      set(`${name}.${changes.length > 0 ? '' : 'ln_tuning_layers.'}${leaf}`, tensors.get(`${parts[0]}.${leaf}`)!);
  const head = modules.find(({ parts }) => parts.includes('head'))!.name;
  const weight = tensors.get('head.weight')!;
  const wide = asClassifier(tuning.config).pooling !== tuning.config.pooling;
  set(`${head}.weight`, wide ? besideMeanPatch(weight) : weight);
  set(`${head}.bias`, tensors.get('head.bias')!);

  const saved = [head, ...(changes.length > 0 ? norms.map(({ name }) => name) : [])];
  await writeSafetensors(join(folder, 'adapter_model.safetensors'), out, { format: 'pt' });
  await writeJson(join(folder, 'adapter_config.json'), {
    base_model_name_or_path: hubNameOf(run.baseModel.path) ?? run.baseModel.path,
    task_type: null,
    inference_mode: true,
    modules_to_save: saved,
    ...configOf(changes, norms),
  });
}

/** The fields of adapter_config.json that depend on the type. Targets are whole names: an end could hit other modules. */
function configOf(
  changes: readonly (readonly [string, ModuleChange])[],
  norms: readonly TheirModule[],
): Readonly<Record<string, unknown>> {
  if (changes.length === 0) return { peft_type: 'LN_TUNING', target_modules: norms.map(({ name }) => name) };
  const target_modules = changes.map(([name]) => name);
  const low = changes.flatMap(([name, change]) => (change.kind === 'low_rank' ? [{ name, ...change }] : []));
  if (low.length === 0) {
    const inputs = changes.filter(([, change]) => change.kind === 'factors' && change.side === 'input');
    return { peft_type: 'IA3', target_modules, feedforward_modules: inputs.map(([name]) => name) };
  }
  if (low.length < changes.length) throw refuse('it combines methods that are different adapters in PEFT');
  const rankOf = ({ a }: { readonly a: Float }) => a.shape[0]!;
  const [{ factor }, r] = [low[0]!, rankOf(low[0]!)];
  if (new Set(low.map(({ magnitude }) => magnitude !== undefined)).size > 1)
    throw refuse('it combines methods that are different adapters in PEFT');
  const others = low.filter((change) => rankOf(change) !== r || change.factor !== factor);
  const pattern = ({ name }: { readonly name: string }) => name.replaceAll('.', '\\.');
  return {
    peft_type: 'LORA',
    target_modules,
    r,
    lora_alpha: factor * r,
    lora_dropout: 0,
    bias: 'none',
    rank_pattern: Object.fromEntries(others.map((change) => [pattern(change), rankOf(change)])),
    alpha_pattern: Object.fromEntries(others.map((change) => [pattern(change), change.factor * rankOf(change)])),
    use_dora: low.some(({ magnitude }) => magnitude !== undefined),
    use_rslora: false,
    init_lora_weights: true,
  };
}
