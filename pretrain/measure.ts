// What the embedded model's frozen features are worth: a linear head on them against the same network as it started, on
// emoji that it never saw. Three seeds, each with its own split (800 pictures to learn from, the rest to test) and its own
// random start. Prints the table of the model card.
//
//   npx tsx pretrain/measure.ts [MODEL_FOLDER...]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { renderNoto } from '../scripts/lib/noto.ts';
import { shuffled, stream } from '../src/base/rng.ts';
import { count, percent, table } from '../src/cli/output.ts';
import type { Picture } from '../src/data/dataset.ts';
import { decode } from '../src/data/decode.ts';
import { openDataset } from '../src/data/open.ts';
import { transform } from '../src/data/transform.ts';
import { exportGraph } from '../src/graph/export.ts';
import { Graph } from '../src/graph/graph.ts';
import { backboneParameters } from '../src/model/config.ts';
import { type Backbone, loadBackbone } from '../src/model/load.ts';
import { defaultModel, locateModel } from '../src/model/locate.ts';
import { network } from '../src/model/network.ts';
import { features, normalizePixels } from '../src/model/vit.ts';
import type { Weights } from '../src/model/weights.ts';
import { nodeRuntime } from '../src/runtime/node.ts';
import { fitLogistic } from './logistic.ts';
import { randomStart } from './student.ts';

const seeds = [0, 1, 2];
const trainCount = 800;
const batch = 10;
/** Tried on a fifth of the training pictures; the best is then used on all of them. */
const penalties = [1e-3, 1e-2, 1e-1, 1];

type Features = ReadonlyMap<string, Float32Array>;

/** The class token after the last norm, by picture. */
async function featuresOf(backbone: Backbone, weights: Weights, pictures: readonly Picture[]): Promise<Features> {
  const { config, preprocessing } = backbone;
  const [height, width] = config.imageSize;
  const graph = new Graph();
  const net = network({
    graph,
    config,
    weights,
    batch,
    classes: 2,
    methods: [],
    trains: () => false,
    parameter: () => {
      throw new Error('nothing is trained');
    },
  });
  const pixels = graph.input('pixels', 'uint8', [batch, height, width, 3]);
  graph.output('features', features(net, normalizePixels(pixels, preprocessing.mean, preprocessing.std)));
  const session = await nodeRuntime().prepare(exportGraph(graph));
  const out = new Map<string, Float32Array>();
  for (let first = 0; first < pictures.length; first += batch) {
    const some = pictures.slice(first, first + batch);
    const data = new Uint8Array(batch * height * width * 3);
    for (const [i, picture] of some.entries()) {
      const decoded = await decode(picture.name, await picture.read(), Math.max(height, width));
      data.set(transform(decoded, preprocessing), i * height * width * 3);
    }
    const result = await session.run({ pixels: { dtype: 'uint8', shape: [batch, height, width, 3], data } });
    const rows = result.features!.data as Float32Array;
    some.forEach(({ name }, i) => {
      out.set(name, rows.slice(i * config.width, (i + 1) * config.width));
    });
  }
  await session.dispose();
  return out;
}

const start = (backbone: Backbone, seed: number): Weights => {
  const values = randomStart(backboneParameters(backbone.config), seed);
  return {
    get: (name) => ({ dtype: 'float32', shape: values.get(name)!.shape, data: values.get(name)! }),
    read: async (name) => values.get(name)!,
  };
};

const examples = (pictures: readonly Picture[], features: Features) => ({
  features: pictures.map(({ name }) => features.get(name)!),
  labels: pictures.map(({ label }) => label),
});

function accuracy(
  learn: readonly Picture[],
  test: readonly Picture[],
  from: Features,
  classes: number,
  penalty: number,
) {
  const classify = fitLogistic(examples(learn, from), classes, penalty);
  return test.filter(({ name, label }) => classify(from.get(name)!) === label).length / test.length;
}

/** Test accuracy of a linear head whose penalty was chosen without the test pictures. */
function probe(train: readonly Picture[], test: readonly Picture[], from: Features, classes: number, seed: number) {
  const mixed = shuffled(train, stream(seed, 'measure'));
  const held = mixed.slice(0, mixed.length / 5);
  const rest = mixed.slice(mixed.length / 5);
  const scores = penalties.map((penalty) => accuracy(rest, held, from, classes, penalty));
  return accuracy(train, test, from, classes, penalties[scores.indexOf(Math.max(...scores))]!);
}

const work = await mkdtemp(join(tmpdir(), 'vitune-measure-'));
try {
  await renderNoto(work, 96);
  const splitOptions = { valFraction: 0, testFraction: 0, trainCount };
  const splits = await Promise.all(seeds.map((seed) => openDataset(work, { ...splitOptions, seed })));
  const { classes, splits: first } = splits[0]!;
  const all = [...first.train, ...first.test];

  const given = process.argv.slice(2);
  const folders = (given.length > 0 ? given : [defaultModel]).map(locateModel);
  const rows: { name: string; parameters: number; top1: readonly number[] }[] = [];
  const evaluated = (features: readonly Features[]) =>
    splits.map(({ splits: { train, test } }, i) => probe(train, test, features[i]!, classes.length, seeds[i]!));
  for (const [i, folder] of folders.entries()) {
    const backbone = await loadBackbone(folder);
    const [name, parameters] = [basename(folder), backbone.parameterCount];
    if (i === 0) {
      const random: Features[] = [];
      for (const seed of seeds) random.push(await featuresOf(backbone, start(backbone, seed), all));
      rows.push({ name: `${name}, random start`, parameters, top1: evaluated(random) });
    }
    const learned = await featuresOf(backbone, backbone.weights, all);
    rows.push({ name, parameters, top1: evaluated(seeds.map(() => learned)) });
  }

  const tested = first.test.length;
  const mean = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0) / xs.length;
  const deviation = (xs: readonly number[]) =>
    Math.sqrt(xs.reduce((sum, x) => sum + (x - mean(xs)) ** 2, 0) / (xs.length - 1));
  console.log(
    table(
      [
        'frozen features of',
        'parameters',
        ...seeds.map((seed) => `seed ${seed}`),
        'mean',
        'deviation',
        'standard error',
      ],
      rows.map(({ name, parameters, top1 }) => [
        name,
        count(parameters),
        ...top1.map(percent),
        percent(mean(top1)),
        percent(deviation(top1)),
        percent(Math.sqrt((mean(top1) * (1 - mean(top1))) / tested)),
      ]),
      [1, 2, 3, 4, 5, 6, 7],
    ),
  );
  const largest = Math.max(...classes.map((_, k) => all.filter(({ label }) => label === k).length));
  console.log(
    `\nTop-1 on ${tested} test pictures, ${classes.length} classes, ${trainCount} training pictures. Deviation: over the seeds. Standard error: of one\nfigure, from the number of test pictures. Always naming the largest class would reach ${percent(largest / all.length)}.`,
  );
} finally {
  await rm(work, { recursive: true });
}
