// npm run compare: every method on noto's emoji, several seeds, into a table under docs/. Runs that are done are not run
// again, an unfinished one goes on where it stopped: kill it and start it as often as you like.
//
//   npm run compare -- --model FOLDER [--image-size 98] [--epochs 15] [--seeds 3] [--methods lora,ssf] [--preset study]
//                      [--threads 1] [--work runs/compare] [--write docs/methods-on-noto.md]
//
// Every method has its own default learning rate: the preset's single one suits inserted modules and ruins full fine-tuning.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { count, percent } from '../src/cli/output.ts';
import { createProgress } from '../src/cli/progress.ts';
import { type DoneEvent, methods, RunError, type RunSpec, specOf, train } from '../src/index.ts';
import { methodNamed } from '../src/methods/index.ts';
import { renderNoto } from './lib/noto.ts';

interface Flags {
  readonly model: string;
  readonly imageSize: number;
  readonly epochs: number;
  readonly warmup: number;
  readonly seeds: number;
  readonly methods?: string;
  readonly preset: string;
  readonly threads: number;
  readonly work: string;
  readonly write?: string;
}

interface Finished {
  readonly method: string;
  readonly seed: number;
  readonly trainable: number;
  readonly learningRate: number;
  readonly done: DoneEvent;
}

const flags = new Command()
  .requiredOption('--model <folder>')
  .option('--image-size <n>', 'pixels', Number, 98)
  .option('--epochs <n>', '', Number, 15)
  .option('--warmup <n>', 'epochs of warm-up', Number, 2)
  .option('--seeds <n>', '', Number, 3)
  .option('--methods <names>', 'left out = all')
  .option('--preset <name>', '', 'study')
  .option('--threads <n>', '', Number, availableParallelism())
  .option('--work <folder>', 'where the runs lie', 'runs/compare')
  .option('--write <file>', 'where the table goes; left out = standard output')
  .parse()
  .opts<Flags>();

/** The rest of noto is for testing. */
const trainingPictures = 800;

interface RunRecord {
  readonly status: string;
  readonly trainableWithoutHead: number;
  readonly result: DoneEvent;
}

/** What a finished run left, or undefined. */
function finished(folder: string): RunRecord | undefined {
  const path = join(folder, 'run.json');
  const record = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RunRecord) : undefined;
  return record?.status === 'done' ? record : undefined;
}

const data = join(flags.work, 'noto');
await renderNoto(data, flags.imageSize);
const progress = createProgress();
const all: Finished[] = [];
let spec: RunSpec | undefined;
for (let seed = 0; seed < flags.seeds; seed++)
  for (const method of flags.methods?.split(',') ?? methods.map((m) => m.name)) {
    const folder = join(flags.work, `${method}-${seed}`);
    const options = {
      data,
      model: flags.model,
      method,
      preset: flags.preset,
      learningRate: methodNamed(method).learningRate,
      threads: flags.threads,
      imageSize: flags.imageSize,
      epochs: flags.epochs,
      warmupEpochs: flags.warmup,
      trainCount: trainingPictures,
      valFraction: 0,
      seed,
      out: folder,
      resume: true,
    };
    spec = specOf(options);
    if (!finished(folder)) for await (const event of train(options)) progress.show(event);
    const run = finished(folder);
    if (!run) throw new RunError(`${folder}: this run isn't done`);
    all.push({
      method,
      seed,
      trainable: run.trainableWithoutHead,
      learningRate: spec.training.learningRate,
      done: run.result,
    });
  }

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: readonly number[]) =>
  Math.sqrt(values.reduce((s, x) => s + (x - mean(values)) ** 2, 0) / Math.max(1, values.length - 1));

const rows = methods
  .map(({ name }) => all.filter(({ method }) => method === name))
  .filter((runs) => runs.length > 0)
  .map((runs) => ({
    name: runs[0]!.method,
    trainable: runs[0]!.trainable,
    learningRate: runs[0]!.learningRate,
    top1: runs.map(({ done }) => done.test!.top1),
    seconds: mean(runs.map(({ done }) => done.seconds)),
  }))
  .sort((a, b) => mean(b.top1) - mean(a.top1));
const pictures = all[0]!.done.test!.pictures;
const best = mean(rows[0]!.top1);
const { schedule, batchSize, weightDecay, dropPath } = spec!.training;
const steps = Math.ceil(trainingPictures / batchSize) * flags.epochs;
const publishedSteps = Math.ceil(1000 / 64) * 100;
const page = [
  '# Every method on noto',
  '',
  `Made by \`npm run compare -- ${process.argv.slice(2).join(' ')}\`.`,
  '',
  `${trainingPictures} training and ${pictures} test pictures of noto's emoji in 7 classes; ${flags.epochs} epochs, batches of ${batchSize}, preset ${flags.preset}` +
    ` (schedule ${schedule}, weight decay ${weightDecay}, drop-path ${dropPath}), ${flags.imageSize} pixels, ${flags.seeds} seeds.`,
  `Nothing was tuned: every method has its own default learning rate. ${cpus()[0]?.model}; seconds are those of a run on ${flags.threads === 1 ? 'one thread' : `${flags.threads} threads`}.`,
  '',
  '| method | test top-1 | deviation over seeds | trained without the head | learning rate | seconds |',
  '| --- | ---: | ---: | ---: | ---: | ---: |',
  ...rows.map(
    ({ name, trainable, learningRate, top1, seconds }) =>
      `| ${name} | ${percent(mean(top1))} | ${percent(deviation(top1))} | ${count(trainable)} | ${learningRate} | ${seconds.toFixed(0)} |`,
  ),
  '',
  `One run's figure is uncertain by ${percent(2 * Math.sqrt((best * (1 - best)) / pictures))} (two standard errors on ${pictures} pictures):`,
  'methods that lie closer together than that are not told apart by this table.',
  '',
  `${steps} steps a run are ${steps < publishedSteps / 2 ? 'far fewer than' : 'to be compared with'} the ${count(publishedSteps)} of the published study (100 epochs of 1,000 pictures): the table tells how far a`,
  'method comes from its start in that many, with the new head at the same learning rate, not which one is best. For that, methods have',
  'to be tuned: examples/study-dinov2.yaml.',
  '',
].join('\n');
if (flags.write) writeFileSync(flags.write, page);
else console.log(page);
