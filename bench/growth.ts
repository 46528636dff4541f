// npm run bench -- --growth: time a picture and peak memory of a LoRA step against micro-batch, tokens and depth, one of
// them at a time, from a ViT-Ti/16 at 224 pixels of six blocks; and against the number of trials that train together, on the
// embedded model.
import { type Bench, startTraining } from './lib/bench.ts';
import { lora } from './lib/methods.ts';
import { runTrials } from './lib/trials.ts';
import type { Answer, Model } from './lib/work.ts';

export interface Point {
  readonly axis: string;
  readonly x: number;
  readonly millisecondsPerPicture: number;
  readonly peakBytes: number;
}

const middle: Model = { size: 'tiny', imageSize: 224, depth: 6 };
const microBatch = 4;
/** Steps that are counted, after one to warm up: the fastest tells. */
const steps = 2;

interface Setting {
  readonly model: Model;
  readonly microBatch: number;
}

/** Tokens of a picture: patches of 16 pixels and the class token. */
const tokens = (imageSize: number) => (imageSize / 16) ** 2 + 1;

const axes: readonly { readonly axis: string; readonly settings: readonly (readonly [x: number, Setting])[] }[] = [
  { axis: 'micro-batch', settings: [1, 2, 4, 8, 16].map((m) => [m, { model: middle, microBatch: m }]) },
  {
    axis: 'tokens',
    settings: [112, 160, 224, 320].map((imageSize) => [
      tokens(imageSize),
      { model: { ...middle, imageSize }, microBatch },
    ]),
  },
  { axis: 'depth', settings: [3, 6, 12].map((depth) => [depth, { model: { ...middle, depth }, microBatch }]) },
];

async function measure(bench: Bench, setting: Setting): Promise<Omit<Point, 'axis' | 'x'>> {
  const { model, microBatch: batch } = setting;
  const options = { microBatch: batch };
  const { child } = await startTraining(bench, { model, method: lora, kind: 'train', batch, options });
  const answer = await child.ask<Answer>({ steps: 1 + steps });
  await child.close();
  const fastest = Math.min(...answer[bench.clock].slice(1));
  return { millisecondsPerPicture: (1000 * fastest) / batch, peakBytes: answer.peakBytes };
}

const grid = { method: lora, epochs: 2, count: 128, together: true } as const;

/** Whole runs: their start is in it. A picture is one of one trial. */
async function measureTrials(bench: Bench, trials: number): Promise<Omit<Point, 'axis' | 'x'>> {
  const { peakBytes, ...answer } = await runTrials(bench, { ...grid, trials });
  const pictures = trials * grid.epochs * grid.count;
  return { millisecondsPerPicture: (1000 * answer[bench.clock][0]!) / pictures, peakBytes };
}

export async function growth(bench: Bench): Promise<readonly Point[]> {
  const points: Point[] = [];
  const add = (point: Point) => {
    points.push(point);
    bench.tell(growthRows([point])[0]!.join('  '));
  };
  for (const { axis, settings } of axes)
    for (const [x, setting] of settings) add({ axis, x, ...(await measure(bench, setting)) });
  await runTrials(bench, { ...grid, trials: 1 }); // decodes
  for (const trials of [1, 2, 4, 8])
    add({ axis: 'trials together', x: trials, ...(await measureTrials(bench, trials)) });
  return points;
}

export const growthHeader = ['against', 'value', 'ms a picture', 'peak memory'] as const;

export const growthRows = (points: readonly Point[]): readonly (readonly string[])[] =>
  points.map(({ axis, x, millisecondsPerPicture, peakBytes }) => [
    axis,
    String(x),
    millisecondsPerPicture.toFixed(1),
    `${Math.round(peakBytes / 1e6)} MB`,
  ]);
