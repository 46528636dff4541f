// npm run demo: renders 1,290 emoji in 7 classes, tunes the embedded model on 800 of them by several methods, and prints what
// each reached on the other 490.
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { count, duration, percent, table } from '../src/cli/output.ts';
import { createProgress } from '../src/cli/progress.ts';
import { type DoneEvent, type RunEvent, train } from '../src/index.ts';
import { renderNoto } from './lib/noto.ts';

const folder = join('runs', 'demo');
const methods = ['linear', 'layernorm', 'bitfit', 'lora', 'full'];

await rm(folder, { recursive: true, force: true });
const data = join(folder, 'noto');
console.log(`${await renderNoto(data, 96)} emoji rendered into ${data}\n`);

const rows: { name: string; trainable: number; done: DoneEvent }[] = [];
const progress = createProgress();
for (const method of methods) {
  let start: Extract<RunEvent, { type: 'start' }> | undefined;
  for await (const event of train({
    data,
    method,
    trainCount: 800,
    valFraction: 0,
    epochs: 12,
    out: join(folder, method),
  })) {
    progress.show(event);
    if (event.type === 'start') start = event;
    if (event.type === 'done') rows.push({ name: method, trainable: start!.trainable, done: event });
  }
  console.log();
}

rows.sort((a, b) => b.done.test!.top1 - a.done.test!.top1);
console.log(
  table(
    ['method', 'test top-1', 'trained', 'time', 'where'],
    rows.map(({ name, trainable, done }) => [
      name,
      percent(done.test!.top1),
      count(trainable),
      duration(done.seconds),
      relative('.', done.folder),
    ]),
    [1, 2, 3],
  ),
);
// Two standard errors of a share measured on this many pictures.
const { top1, pictures } = rows[0]!.done.test!;
console.log(
  `\nEach figure is uncertain by about ${percent(2 * Math.sqrt((top1 * (1 - top1)) / pictures))} (${pictures} test pictures, one seed): small differences mean nothing.`,
);
console.log(`Try one: npx vitune predict ${join(folder, rows[0]!.name)} ${join(data, 'food-drink', 'hamburger.png')}`);
