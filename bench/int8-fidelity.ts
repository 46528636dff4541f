// npm run int8-fidelity: how true training in int8 is. LoRA gradients of one batch against float32, over all parameters and
// tensor by tensor; then whole runs in both precisions, several methods, sets and seeds. Runs that are done are not run
// again and an unfinished one goes on where it stopped: kill it and start it as often as you like.
//
//   npm run int8-fidelity -- [--model NAME|FOLDER] [--image-size 98] [--data emoji,shapes/count,shapes/location]
//                            [--methods lora,...] [--seeds 3] [--epochs 10] [--work runs/int8-fidelity]
//                            [--gradients] [--write FILE.md]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { gradientFidelity } from '../scripts/lib/fidelity-on-pictures.ts';
import { mean, withinNoise } from '../scripts/lib/noise.ts';
import { percent } from '../src/cli/output.ts';
import { createProgress } from '../src/cli/progress.ts';
import { type DoneEvent, RunError, train } from '../src/index.ts';
import { defaultModel, locateModel } from '../src/model/locate.ts';

interface Flags {
  readonly model: string;
  readonly imageSize: number;
  readonly data: string;
  readonly methods: string;
  readonly seeds: number;
  readonly epochs: number;
  readonly work: string;
  readonly gradients?: boolean;
  readonly write?: string;
}

const flags = new Command()
  .option('--model <name|folder>', '', defaultModel)
  .option('--image-size <n>', "pixels (0 = the checkpoint's)", Number, 0)
  .option('--data <names>', '', 'emoji,shapes/count,shapes/location')
  .option('--methods <names>', '', 'lora,bitfit,adaptformer,ssf,vpt-deep,fact-tk')
  .option('--seeds <n>', '', Number, 3)
  .option('--epochs <n>', '', Number, 10)
  .option('--work <folder>', 'where the runs lie', 'runs/int8-fidelity')
  .option('--gradients', 'gradients only')
  .option('--write <file>', 'where the report goes; left out = standard output')
  .parse()
  .opts<Flags>();

/** The goals: a cosine over everything, and of the worst tensor. */
const [goal, worstGoal] = [0.995, 0.97];
/** Pictures of the gradients' batch. */
const pictures = 32;

const model = locateModel(flags.model);
const sets = flags.data.split(',');
const report = [
  `# int8 against float32`,
  '',
  `Made by \`npm run int8-fidelity -- ${process.argv.slice(2).join(' ')}\`.`,
  '',
];

report.push(
  `Gradients of LoRA (rank 8, all layers, B drawn with deviation 0.001) on ${pictures} training pictures:`,
  '',
  '| data | cosine | worst tensor | logits | holds |',
  '| --- | ---: | --- | ---: | --- |',
);
for (const data of sets) {
  const near = await gradientFidelity({ model, data, imageSize: flags.imageSize, pictures });
  const holds = near.cosine >= goal && near.worst.cosine > worstGoal;
  const worst = `${near.worst.cosine.toFixed(4)} (${near.worst.name})`;
  report.push(
    `| ${data} | ${near.cosine.toFixed(4)} | ${worst} | ${near.logits.toFixed(5)} | ${holds ? 'yes' : 'no'} |`,
  );
}

/** Runs, or recalls, a run; its test accuracy and the pictures that it was taken on. */
async function accuracy(data: string, method: string, precision: 'fp32' | 'int8', seed: number) {
  const folder = join(flags.work, `${data.replaceAll(/\W/g, '-')}-${method}-${precision}-${seed}`);
  const done = (): DoneEvent | undefined => {
    const path = join(folder, 'run.json');
    if (!existsSync(path)) return undefined;
    const record = JSON.parse(readFileSync(path, 'utf8')) as { status: string; result: DoneEvent };
    return record.status === 'done' ? record.result : undefined;
  };
  const { imageSize, epochs } = flags;
  const run = train({ data, model, method, precision, seed, imageSize, epochs, out: folder, resume: true });
  if (!done()) for await (const event of run) progress.show(event);
  const result = done();
  if (!result?.test) throw new RunError(`${folder}: this run isn't done`);
  return result.test;
}

const progress = createProgress();
if (!flags.gradients) {
  report.push(
    '',
    `Test accuracy, mean of ${flags.seeds} seeds, ${flags.epochs} epochs, every method at its default learning rate. Within the noise: the difference is at`,
    'most two standard errors, of the seeds and of the test pictures together.',
    '',
    '| data | method | float32 | int8 | difference | two standard errors | within the noise |',
    '| --- | --- | ---: | ---: | ---: | ---: | --- |',
  );
  for (const data of sets)
    for (const method of flags.methods.split(',')) {
      const [fp32, int8]: [number[], number[]] = [[], []];
      let tested = 0;
      for (let seed = 0; seed < flags.seeds; seed++) {
        const [plain, whole] = [await accuracy(data, method, 'fp32', seed), await accuracy(data, method, 'int8', seed)];
        fp32.push(plain.top1);
        int8.push(whole.top1);
        tested = plain.pictures;
      }
      const { difference, twice, holds } = withinNoise(fp32, int8, tested);
      report.push(
        `| ${data} | ${method} | ${percent(mean(fp32))} | ${percent(mean(int8))} | ${percent(difference)} | ${percent(twice)} | ${holds ? 'yes' : 'no'} |`,
      );
    }
}
report.push('');
if (flags.write) writeFileSync(flags.write, report.join('\n'));
else console.log(report.join('\n'));
