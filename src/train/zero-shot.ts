// The zero-shot head: CLIP's classifier from the names of the classes (Radford et al. 2021, section 3.1.4), which is where
// fine-tuning then starts and what WiSE-FT goes back to (Wortsman et al. 2022). Also from a file of class embeddings.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CheckpointError, OptionError } from '../base/errors.ts';
import { float32, sameShape, showShape, type Tensor } from '../base/tensor.ts';
import { widen } from '../formats/half.ts';
import { openTensorFile } from '../formats/tensor-file.ts';
import { exportGraph } from '../graph/export.ts';
import { Graph } from '../graph/graph.ts';
import { cast } from '../graph/ops/elementwise.ts';
import type { VitConfig } from '../model/config.ts';
import type { Backbone } from '../model/load.ts';
import type { ParameterSpec } from '../model/network.ts';
import { loadTextTower, type TextTower } from '../model/text/load.ts';
import { encodeTexts } from '../model/text/tower.ts';
import type { Runtime } from '../runtime/session.ts';
import type { NamedTensors } from './adapter.ts';

export interface HeadStart {
  /** Width of the space that texts and pictures share. */
  readonly projection: number;
  /** `head.proj.weight` (P, C), `head.weight` (classes, P) with the logit scale in it, `head.bias` (classes) of zeros. */
  readonly tensors: NamedTensors;
  /** SHA-256 of what it depends on besides weights, classes and templates. */
  readonly fingerprint: string;
}

export interface ZeroShotOptions {
  /** Texts with `{}` for the class, separated by `|`. */
  readonly promptTemplates: string;
  /** A safetensors or npy file (classes, P) instead of a text tower; '' = none. */
  readonly classEmbeddings: string;
}

/** The backbone's config with the zero-shot head, where there is one. */
export function withHead(config: VitConfig, projection: number | undefined): VitConfig {
  return projection === undefined ? config : { ...config, head: 'clip', projection };
}

/** CLIP's own bound of the scale, which its checkpoints reach; for files that come without a logit scale. */
const usualScale = 100;
/** Texts encoded at once. */
const batch = 32;

/** The head's start for these classes. Rejects with OptionError or CheckpointError. */
export async function zeroShotHead(
  backbone: Backbone,
  classes: readonly string[],
  { promptTemplates, classEmbeddings }: ZeroShotOptions,
  runtime: Runtime,
): Promise<HeadStart> {
  if (backbone.head?.kind !== 'projection')
    throw new OptionError(
      `train: --head zero-shot: model ${backbone.path} has no projection into a space of texts; give a CLIP with one`,
    );
  const projection = backbone.head.outputs;
  const { rows, scale, fingerprint } =
    classEmbeddings === ''
      ? await fromTexts(await loadTextTower(backbone.path), promptsOf(classes, promptTemplates), runtime)
      : await fromFile(classEmbeddings, classes);
  if (rows[0]!.length !== projection)
    throw new CheckpointError(
      `class embeddings of width ${rows[0]!.length} don't fit model ${backbone.path}, whose projection has ${projection}`,
    );
  const weight = new Float32Array(classes.length * projection);
  rows.forEach((row, k) => {
    weight.set(
      normalized(row).map((x) => x * scale),
      k * projection,
    );
  });
  if (!weight.every(Number.isFinite)) throw new CheckpointError('class embeddings: have NaN or infinite values');
  return {
    projection,
    fingerprint,
    tensors: new Map([
      ['head.proj.weight', await backbone.weights.read('head.proj.weight')],
      ['head.weight', float32([classes.length, projection], weight)],
      ['head.bias', float32([classes.length], new Float32Array(classes.length))],
    ]),
  };
}

/** Throws OptionError where a method reads another feature than CLIP's projection does. */
export function checkHeadStart(specs: readonly ParameterSpec[], { tensors }: HeadStart): void {
  for (const { name, shape } of specs) {
    const start = tensors.get(name)?.shape;
    if (start && !sameShape(start, shape))
      throw new OptionError(
        `train: --head zero-shot: a method changes what the head reads: ${name} is ${showShape(shape)}, CLIP's ${showShape(start)}`,
      );
  }
}

/** For each class its prompts; underscores of folder names are spaces. Throws OptionError. */
export function promptsOf(classes: readonly string[], templates: string): readonly (readonly string[])[] {
  const list = templates.split('|').map((template) => template.trim());
  const wrong = list.find((template) => !template.includes('{}'));
  if (wrong !== undefined)
    throw new OptionError(
      `train: option promptTemplates must be texts with {} for the class, separated by |, got "${wrong}"`,
    );
  return classes.map((name) => list.map((template) => template.replaceAll('{}', name.replaceAll('_', ' '))));
}

interface ClassRows {
  /** An embedding a class, of any length. */
  readonly rows: readonly Float32Array[];
  /** exp(logit_scale). */
  readonly scale: number;
  readonly fingerprint: string;
}

/** The mean of each class's normalised text embeddings. */
async function fromTexts(
  tower: TextTower,
  prompts: readonly (readonly string[])[],
  runtime: Runtime,
): Promise<ClassRows> {
  const embeddings = await embedTexts(tower, prompts.flat(), runtime);
  const each = prompts[0]!.length;
  const rows = prompts.map((_, k) => {
    const own = embeddings.slice(k * each, (k + 1) * each).map(normalized);
    return own[0]!.map((_, i) => own.reduce((sum, row) => sum + row[i]!, 0) / each);
  });
  const scale = Math.exp((await tower.weights.read('logit_scale')).data[0]!);
  return { rows, scale, fingerprint: tower.fingerprint };
}

/** Embeddings in the shared space, not normalised. Rejects with CheckpointError or DeviceError. */
export async function embedTexts(
  tower: TextTower,
  texts: readonly string[],
  runtime: Runtime,
): Promise<Float32Array[]> {
  const { config, weights } = tower;
  const C = config.width;
  const ids = texts.map((text) => tower.tokenize(text));
  const length = Math.max(...ids.map((text) => text.length)); // attention is causal: what follows the end changes nothing
  const tokens = (await weights.read('text_model.embeddings.token_embedding.weight')).data;
  const positions = (await weights.read('text_model.embeddings.position_embedding.weight')).data;

  const graph = new Graph();
  const embedding = encodeTexts(
    graph,
    config,
    (name) => {
      const { dtype, shape, data } = weights.get(name);
      return cast(graph.constant(name, { dtype, shape }, data), 'float32');
    },
    graph.input('embedded', 'float32', [batch, length, C]),
    graph.input('pick', 'float32', [batch, 1, length]),
  );
  graph.output('embedding', embedding);
  const session = await runtime.prepare(exportGraph(graph));
  try {
    const out: Float32Array[] = [];
    for (let start = 0; start < ids.length; start += batch) {
      const embedded = new Float32Array(batch * length * C);
      const pick = new Float32Array(batch * length);
      const own = ids.slice(start, start + batch);
      own.forEach((text, b) => {
        text.forEach((id, n) => {
          const at = (b * length + n) * C;
          for (let c = 0; c < C; c++) embedded[at + c] = tokens[id * C + c]! + positions[n * C + c]!;
        });
        pick[b * length + endOf(text, config.endToken)] = 1;
      });
      const results = await session.run({
        embedded: float32([batch, length, C], embedded),
        pick: float32([batch, 1, length], pick),
      });
      const { data } = results.embedding as Tensor<'float32'>;
      own.forEach((_, b) => {
        out.push(data.slice(b * config.projection, (b + 1) * config.projection));
      });
    }
    return out;
  } finally {
    await session.dispose();
  }
}

/** Where a text ends: at the first end token, or at the largest id. */
function endOf(ids: readonly number[], endToken: number | null): number {
  const at = endToken === null ? -1 : ids.indexOf(endToken);
  return at >= 0 ? at : ids.indexOf(Math.max(...ids));
}

/** A file of one matrix (classes, P); of safetensors, `classes` in its metadata names the rows and `logit_scale` may be there. */
async function fromFile(path: string, classes: readonly string[]): Promise<ClassRows> {
  const file = await openTensorFile(path);
  const matrices = [...file.tensors].filter(([, { shape }]) => shape.length === 2);
  const [name, { shape }] = matrices[0] ?? ['', { shape: [0, 0] }];
  if (matrices.length !== 1 || shape[0] !== classes.length)
    throw new CheckpointError(
      `${path}: must hold one matrix with a row for each of the ${classes.length} classes, got ${matrices.map(([, m]) => m.shape.join('x')).join(', ') || 'none'}`,
    );
  const { data } = widen(await file.read(name));
  const order = orderOf(path, file.metadata.classes, classes);
  const P = shape[1]!;
  const scale = file.tensors.has('logit_scale') ? Math.exp(widen(await file.read('logit_scale')).data[0]!) : usualScale;
  return {
    rows: order.map((k) => data.slice(k * P, (k + 1) * P)),
    scale,
    fingerprint: createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
  };
}

/** Which row is each class's. Without names: the order of the data's classes. Throws CheckpointError. */
function orderOf(path: string, names: string | undefined, classes: readonly string[]): readonly number[] {
  if (names === undefined) return classes.map((_, k) => k);
  let listed: unknown;
  try {
    listed = JSON.parse(names);
  } catch {
    listed = undefined;
  }
  if (!Array.isArray(listed)) throw new CheckpointError(`${path}: the metadata "classes" must be a JSON list of names`);
  return classes.map((name) => {
    const row = (listed as unknown[]).indexOf(name);
    if (row < 0 || row >= classes.length) throw new CheckpointError(`${path}: has no embedding of class "${name}"`);
    return row;
  });
}

function normalized(row: Float32Array): Float32Array {
  const length = Math.hypot(...row);
  return row.map((x) => x / length);
}
