// npm run demo: renders 1,290 emoji in 7 classes, tunes the embedded model on 800 of them by several methods, and prints what
// each reached on the other 490.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { count, duration, percent, shortPath, table } from '../src/cli/output.ts';
import { createProgress } from '../src/cli/progress.ts';
import { type DoneEvent, type RunEvent, train } from '../src/index.ts';
import { renderNoto } from './lib/noto.ts';

const folder = join('runs', 'demo');
/** From nothing of the backbone to all of it. This one is small and takes larger steps than the defaults, made for usual sizes. */
const methods = [
  { method: 'linear', learningRate: 1e-2 },
  { method: 'bitfit', learningRate: 5e-3 },
  { method: 'lora', learningRate: 3e-3 },
  { method: 'full', learningRate: 3e-4 },
];
const epochs = 6;

await rm(folder, { recursive: true, force: true });
const data = join(folder, 'noto');
console.log(`${await renderNoto(data, 96)} emoji in 7 classes rendered into ${data}\n`);

const rows: { name: string; trainable: number; done: DoneEvent }[] = [];
const progress = createProgress(process.stdout);
const begun = performance.now();
for (const options of methods) {
  let start: Extract<RunEvent, { type: 'start' }> | undefined;
  const out = join(folder, options.method);
  for await (const event of train({ ...options, data, trainCount: 800, valFraction: 0, epochs, out })) {
    if (event.type !== 'epoch') progress.show(event); // a line an epoch is too much for four runs
    if (event.type === 'start') start = event;
    if (event.type === 'done') rows.push({ name: options.method, trainable: start!.trainable, done: event });
  }
  console.log();
}

rows.sort((a, b) => b.done.test!.top1 - a.done.test!.top1);
console.log(
  table(
    ['method', 'test top-1', 'trained parameters', 'time', 'run folder'],
    rows.map(({ name, trainable, done }) => [
      name,
      percent(done.test!.top1),
      count(trainable),
      duration(done.seconds),
      shortPath(done.folder),
    ]),
    [1, 2, 3],
  ),
);
// Two standard errors of a share measured on this many pictures.
const { top1, pictures } = rows[0]!.done.test!;
const uncertain = (200 * Math.sqrt((top1 * (1 - top1)) / pictures)).toFixed(1);
console.log(
  `\n${duration((performance.now() - begun) / 1000)} in all. Each figure is uncertain by about ${uncertain} points (${pictures} test pictures, one seed):\nsmaller differences mean nothing.\n`,
);
const best = join(folder, rows[0]!.name);
console.log('What to look at now:');
console.log(`  a run folder's files           ls ${best}`);
console.log(`  classes of single pictures     npx vitune predict ${best} ${join(data, 'food-drink', 'hamburger.png')}`);
console.log('  all methods                    npx vitune methods');
console.log('  your own pictures              npx vitune train PICTURES (a folder of class folders)');
