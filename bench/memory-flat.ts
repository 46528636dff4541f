// Does memory stay flat from 1,000 to 100,000 pictures? Trains the smallest ViT for one epoch on folders of tiny pictures,
// each in a process of its own, and prints what was in use after the epoch, the most memory that it ever held, and the same where
// its heap is kept small, so that garbage is collected at once.
//   npm run build && npx tsx bench/memory-flat.ts [COUNT ...]
// Takes some minutes and 500 MB of disk. Measured figures are in docs/performance.md.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { count, table } from '../src/cli/output.ts';
import { writeTinyModel } from '../test/support/tiny.ts';
import { writePictures } from './lib/pictures.ts';

const index = new URL('../dist/index.js', import.meta.url);

/**
 * One epoch; prints bytes: the peak resident set of the whole process with all its threads, and what JavaScript has in use
 * once garbage is collected.
 */
const program = `
import { train } from ${JSON.stringify(fileURLToPath(index))};
const [data, model, out] = process.argv.slice(1);
const options = { data, model, out, epochs: 1, batchSize: 64, microBatch: 64, threads: 1, flip: true };
let used = 0;
for await (const event of train(options))
  if (event.type === 'epoch') {
    gc();
    used = process.memoryUsage().heapUsed;
  }
console.log(JSON.stringify({ used, peak: process.resourceUsage().maxRSS * 1024 }));
`;

/** A heap that leaves no room for garbage: what is left of the growth is in use. */
const boundedHeap = ['--max-old-space-size=64', '--max-semi-space-size=1'];

const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 10_000, 100_000];
const root = await mkdtemp(join(tmpdir(), 'vitune-memory-'));
try {
  const model = await writeTinyModel(join(root, 'model'));
  const rows: string[][] = [];
  for (const pictures of counts) {
    const data = await writePictures(join(root, String(pictures)), { count: pictures, side: 8, classes: 2 });
    const measured = async (name: string, flags: readonly string[]) => {
      const out = join(root, `run-${pictures}-${name}`);
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [...flags, '--expose-gc', '--input-type=module', '-e', program, data, model, out],
        { env: { ...process.env, VITUNE_CACHE: join(root, `cache-${name}`) } },
      );
      return JSON.parse(stdout) as { used: number; peak: number };
    };
    const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
    const { used, peak } = await measured('free', []);
    const bounded = await measured('bounded', boundedHeap);
    rows.push([count(pictures), mebibytes(used), mebibytes(peak), mebibytes(bounded.peak)]);
    await rm(data, { recursive: true });
  }
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}\n`);
  console.log(table(['pictures', 'in use', 'most memory', 'most with a small heap'], rows, [0, 1, 2, 3]));
} finally {
  await rm(root, { recursive: true });
}
