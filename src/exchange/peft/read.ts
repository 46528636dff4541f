// Reads an adapter folder of Hugging Face PEFT: adapter_config.json and adapter_model.safetensors (or .bin) -> changes of our
// layers and whole parameters, by canonical name. Strict: what PEFT would take from the file and isn't there, or is there and
// PEFT wouldn't take, is refused.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, messageOf } from '../../base/errors.ts';
import { float32, type Shape, sameShape, showShape, sizeOf, type Tensor } from '../../base/tensor.ts';
import { widen } from '../../formats/half.ts';
import { openTensorFile } from '../../formats/tensor-file.ts';
import { headParameters } from '../../model/checkpoint-head.ts';
import { backboneParameters, type VitConfig } from '../../model/config.ts';
import { type LoraConfig, type PeftConfig, parsePeftConfig } from './adapter-config.ts';
import { type ModuleNames, moduleNames, type TheirModule } from './module-names.ts';
import { feedForward, patternValue, targetedModules } from './targets.ts';

type Float = Tensor<'float32'>;

/** A change of a layer (out, in), with its values. Matrices of the patches' convolution are flat: (C, 3 P P). */
export type Change =
  | {
      readonly kind: 'low_rank';
      /** (r, in) and (out, r): W + factor B A. q, k and v of a fused layer hold the same `a`. */
      readonly a: Float;
      readonly b: Float;
      readonly factor: number;
      /** Times `factor`, added to the layer's bias, (out). */
      readonly bias?: Float;
      /** The length of each row of the changed weight (DoRA), (out). */
      readonly magnitude?: Float;
    }
  | { readonly kind: 'factors'; readonly side: 'input' | 'output'; readonly vector: Float };

export interface PeftAdapter {
  readonly folder: string;
  readonly config: PeftConfig;
  /** The backbone as PEFT has it: with the classifier of its library's class. */
  readonly base: VitConfig;
  /** By canonical module: `blocks.0.attn.q`, `patch_embed.proj`, `head`. */
  readonly changes: ReadonlyMap<string, Change>;
  /** Parameters of the backbone and the head that the adapter brings whole, by canonical name. */
  readonly replaced: ReadonlyMap<string, Float>;
}

const infix = 'base_model.model.';

/** The network that transformers makes of a backbone for classifying: DINOv2's classifier reads the mean patch as well. */
export const asClassifier = (config: VitConfig): VitConfig =>
  config.family.startsWith('dinov2') && config.pooling === 'class' ? { ...config, pooling: 'class_mean' } : config;

/** Reads the folder for a backbone. Throws CheckpointError. */
export async function readPeftAdapter(folder: string, backbone: VitConfig): Promise<PeftAdapter> {
  const config = asClassifier(backbone);
  const where = join(folder, 'adapter_config.json');
  const peft = parsePeftConfig(where, await readJsonFile(where));
  const file = await openTensorFile(await weightsPath(folder));
  const tensors = new Map<string, Float>();
  for (const name of file.tensors.keys()) {
    if (!name.startsWith(infix)) throw new CheckpointError(`${file.path}: ${name} doesn't begin with ${infix}`);
    // What a copy in modules_to_save had before: PEFT writes it with bias "all" and reads it never.
    if (name.includes('.original_module.')) continue;
    tensors.set(name.slice(infix.length), widen(await file.read(name)));
  }
  const reader = takingFrom(file.path, tensors);
  const { modules } = chosenNames(where, config, [...tensors.keys()]);
  const changes = new Map<string, Change>();
  const replaced = new Map<string, Float>();
  const targets = targetedModules(where, peft, modules);
  if (targets.length === 0) throw new CheckpointError(`${where}: its target_modules name no module of this backbone`);
  for (const module of targets) {
    if (peft.peft_type === 'LN_TUNING')
      for (const leaf of ['weight', 'bias'])
        replaced.set(`${module.parts[0]}.${leaf}`, reader.take(`${module.name}.ln_tuning_layers.${leaf}`));
    else {
      const change =
        peft.peft_type === 'LORA' ? lowRank(where, peft, module, reader) : factors(where, peft, module, reader);
      module.parts.forEach((part, i) => {
        changes.set(part, rowsOf(change, i, module.parts.length));
      });
    }
  }
  for (const [name, tensor] of wholeParameters(modules, reader)) replaced.set(name, tensor);
  reader.finish();
  const adapter = { folder, config: peft, base: config, changes, replaced };
  checkShapes(file.path, adapter, config);
  return adapter;
}

async function readJsonFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CheckpointError(`${path}: can't be read: ${messageOf(cause)}; give the folder of a PEFT adapter`, {
      cause,
    });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`${path}: is not JSON: ${messageOf(cause)}`, { cause });
  }
}

async function weightsPath(folder: string): Promise<string> {
  for (const name of ['adapter_model.safetensors', 'adapter_model.bin']) {
    const path = join(folder, name);
    if (await stat(path).catch(() => undefined)) return path;
  }
  throw new CheckpointError(`${folder}: has neither adapter_model.safetensors nor adapter_model.bin`);
}

/** The spelling that knows the most of the file's names. Throws CheckpointError for a backbone that has none. */
function chosenNames(where: string, config: VitConfig, tensors: readonly string[]): ModuleNames {
  const known = ({ modules }: ModuleNames) => {
    const names = modules.map(({ name }) => `${name}.`);
    return tensors.filter((tensor) => names.some((name) => tensor.startsWith(name))).length;
  };
  const all = moduleNames(config);
  const best = all.toSorted((a, b) => known(b) - known(a))[0];
  if (!best)
    throw new CheckpointError(`${where}: adapters of PEFT on a backbone of family ${config.family} are not supported`);
  return best;
}

interface Reader {
  readonly path: string;
  /** A tensor that has to be there; one that isn't is listed by `finish`. */
  take(name: string): Float;
  takeIf(name: string): Float | undefined;
  /** Throws CheckpointError with all that was missing, and all that nobody took. */
  finish(): void;
}

const absent = float32([0], []);

function takingFrom(path: string, tensors: ReadonlyMap<string, Float>): Reader {
  const left = new Map(tensors);
  const missing: string[] = [];
  const takeIf = (name: string) => {
    const found = tensors.get(name);
    left.delete(name);
    return found;
  };
  return {
    path,
    takeIf,
    take(name) {
      const found = takeIf(name);
      if (!found) missing.push(`- ${infix}${name}`);
      return found ?? absent;
    },
    finish() {
      const lines = [...missing, ...[...left].map(([name, { shape }]) => `+ ${infix}${name} ${showShape(shape)}`)];
      if (lines.length > 0)
        throw new CheckpointError(`${path}: doesn't fit its config and this backbone (- wanted, + in the file)`, {
          lines,
        });
    },
  };
}

const flat = ({ shape, data }: Float): Float => float32([shape[0] ?? 1, sizeOf(shape.slice(1))], data);
const vector = ({ data }: Float): Float => float32([data.length], data);

function lowRank(where: string, config: LoraConfig, { name }: TheirModule, { path, take, takeIf }: Reader): Change {
  const [a, b] = [flat(take(`${name}.lora_A.weight`)), flat(take(`${name}.lora_B.weight`))];
  const rank = patternValue(where, config.rank_pattern, name, config.r);
  if (a.data.length > 0 && a.shape[0] !== rank)
    throw new CheckpointError(`${path}: ${name} has rank ${a.shape[0]}, its config says ${rank}`);
  const alpha = patternValue(where, config.alpha_pattern, name, config.lora_alpha);
  const bias = config.lora_bias ? take(`${name}.lora_B.bias`) : undefined;
  const magnitude = config.use_dora
    ? (takeIf(`${name}.lora_magnitude_vector.weight`) ?? take(`${name}.lora_magnitude_vector`))
    : undefined;
  return {
    kind: 'low_rank',
    a,
    b,
    factor: alpha / (config.use_rslora ? Math.sqrt(rank) : rank),
    ...(bias ? { bias } : {}),
    ...(magnitude ? { magnitude: vector(magnitude) } : {}),
  };
}

function factors(
  where: string,
  config: Extract<PeftConfig, { peft_type: 'IA3' }>,
  { name }: TheirModule,
  { take }: Reader,
): Change {
  const side = feedForward(where, config.feedforward_modules)(name) ? 'input' : 'output';
  return { kind: 'factors', side, vector: vector(take(`${name}.ia3_l`)) };
}

/** Part `i` of `n` of a fused layer's change: its rows; what concerns the input is shared. */
function rowsOf(change: Change, i: number, n: number): Change {
  if (n === 1) return change;
  const rows = (tensor: Float): Float => {
    const count = Math.floor(tensor.shape[0]! / n);
    const width = sizeOf(tensor.shape.slice(1));
    const data = tensor.data.slice(i * count * width, (i + 1) * count * width);
    return float32(tensor.shape.with(0, count), data);
  };
  if (change.kind === 'factors') return change.side === 'input' ? change : { ...change, vector: rows(change.vector) };
  const { b, bias, magnitude } = change;
  return {
    ...change,
    b: rows(b),
    ...(bias ? { bias: rows(bias) } : {}),
    ...(magnitude ? { magnitude: rows(magnitude) } : {}),
  };
}

/** Modules saved whole, and biases trained in place (`bias` "all" and "lora_only"). */
function wholeParameters(modules: readonly TheirModule[], { takeIf }: Reader): Map<string, Float> {
  const found = new Map<string, Float>();
  for (const { name, parts, kind } of modules)
    for (const leaf of ['weight', 'bias']) {
      const names = [`${name}.${leaf}`, `${name}.modules_to_save.${leaf}`, `${name}.base_layer.${leaf}`];
      // Every spelling is taken: with bias "all" the classifier's bias is there twice, the same.
      const tensor = names.map(takeIf).find((candidate) => candidate !== undefined);
      if (!tensor) continue;
      const { shape, data } = tensor;
      const width = sizeOf(shape) / parts.length;
      parts.forEach((part, i) => {
        const rows = shape.length === 0 ? shape : shape.with(0, shape[0]! / parts.length);
        const own = kind === 'linear' ? data.slice(i * width, (i + 1) * width) : data;
        found.set(`${part}.${leaf}`, float32(rows, own));
      });
    }
  return found;
}

/** Throws CheckpointError where a tensor has not the shape that the backbone asks for. */
function checkShapes(path: string, { changes, replaced }: PeftAdapter, config: VitConfig): void {
  const shapes = new Map(backboneParameters(config).map(({ name, shape }) => [name, shape]));
  const outputs = replaced.get('head.bias')?.data.length;
  if (outputs !== undefined)
    for (const { name, shape } of headParameters(config, { kind: 'classifier', outputs })) shapes.set(name, shape);
  const lines: string[] = [];
  const compare = (name: string, wanted: Shape | undefined, { shape }: Float) => {
    if (!wanted) lines.push(`+ ${name} ${showShape(shape)}`);
    else if (!sameShape(wanted, shape)) lines.push(`- ${name} ${showShape(wanted)}`, `+ ${name} ${showShape(shape)}`);
  };
  for (const [name, tensor] of replaced) compare(name, shapes.get(name), tensor);
  for (const [name, change] of changes) {
    const weight = shapes.get(`${name}.weight`);
    if (name === 'head' && !weight) continue; // the base's own classifier: compared when it is merged
    const [out, into] = [weight?.[0] ?? 0, sizeOf(weight?.slice(1) ?? [0])];
    if (change.kind === 'factors')
      compare(`${name}.${change.side}`, [change.side === 'input' ? into : out], change.vector);
    else {
      const rank = change.a.shape[0]!;
      compare(`${name}.lora_A`, [rank, into], change.a);
      compare(`${name}.lora_B`, [out, rank], change.b);
      if (change.bias) compare(`${name}.lora_B.bias`, [out], change.bias);
      if (change.magnitude) compare(`${name}.lora_magnitude_vector`, [out], change.magnitude);
    }
  }
  if (lines.length > 0)
    throw new CheckpointError(`${path}: has other shapes than this backbone (- wanted, + in the file)`, { lines });
}
