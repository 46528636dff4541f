// How fast pictures are decoded, and for how much of its time a warm training run waits for them.
//   npm run build && npx tsx bench/loader.ts [DATA]
// DATA: a folder of photographs; left out = 512 made pictures of 640 x 480 pixels as JPEG. Runs the built command line, as a
// user does. Goal: below 2 % on a warm cache. Measured figures are in docs/performance.md.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { stream } from '../src/base/rng.ts';
import { percent } from '../src/cli/output.ts';
import { openListing } from '../src/data/sources/index.ts';

const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** Scenes with the grain of a sensor, so that JPEG has something to keep. */
async function writePhotographs(folder: string, count: number): Promise<string> {
  const { parts, classes } = await openListing('shapes/count');
  const [width, height] = [640, 480];
  for (const [i, { label, read }] of parts.get('train')!.slice(0, count).entries()) {
    const rgb = await sharp(await read(), { density: 72 * 5 })
      .resize(width, height)
      .removeAlpha()
      .raw()
      .toBuffer();
    const rng = stream(0, 'grain', i);
    for (let k = 0; k < rgb.length; k++) rgb[k] = Math.min(255, Math.max(0, rgb[k]! + rng.below(25) - 12));
    await mkdir(join(folder, classes[label]!), { recursive: true });
    await writeFile(
      join(folder, classes[label]!, `${i}.jpg`),
      await sharp(rgb, { raw: { width, height, channels: 3 } })
        .jpeg({ quality: 90 })
        .toBuffer(),
    );
  }
  return folder;
}

interface Step {
  readonly at: number;
  readonly dataSeconds: number;
}

/** Runs a training and returns how fast it decoded (pictures a second, 0 = nothing to decode) and its steps. */
async function run(flags: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [cli, 'train', ...flags, '--json'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const steps: Step[] = [];
  const decoding: { at: number; done: number }[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as { type: string; done: number; dataSeconds: number };
    const at = performance.now();
    if (event.type === 'decoding') decoding.push({ at, done: event.done });
    if (event.type === 'step') steps.push({ at, dataSeconds: event.dataSeconds });
  }
  const [first, last] = [decoding[0], decoding.at(-1)];
  const rate = first && last && last.at > first.at ? ((last.done - first.done) / (last.at - first.at)) * 1000 : 0;
  return { rate, steps };
}

/** Share of the time from the first step's end to the last's in which steps waited. */
function waitingShare(steps: readonly Step[]): number {
  const seconds = (steps.at(-1)!.at - steps[0]!.at) / 1000;
  return steps.slice(1).reduce((sum, { dataSeconds }) => sum + dataSeconds, 0) / seconds;
}

const root = await mkdtemp(join(tmpdir(), 'vitune-loader-'));
try {
  const data = process.argv[2] ?? (await writePhotographs(join(root, 'photographs'), 512));
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}\n`);
  const flags = [data, '--val-fraction', '0', '--test-fraction', '0', '--method', 'lora', '--micro-batch', '16'];
  for (const threads of ['0', '1', '2']) {
    const cache = join(root, `cache-${threads}`);
    const { rate } = await run([...flags, '--epochs', '1', '--out', join(root, `cold-${threads}`)], {
      VITUNE_CACHE: cache,
      VITUNE_DECODE_THREADS: threads,
    });
    console.log(`decoding, ${threads} worker threads: ${rate.toFixed(0)} pictures/s`);
  }
  for (const [name, extra] of [
    ['plain', []],
    ['mirrored', ['--flip']],
    ['random crops', ['--flip', '--random-resized-crop']],
  ] as const) {
    const warm = async (out: string) =>
      run([...flags, ...extra, '--epochs', '2', '--out', join(root, out)], { VITUNE_CACHE: join(root, 'cache-2') });
    await warm(`first-${name}`); // fills the cache
    console.log(`waiting for pictures, ${name}: ${percent(waitingShare((await warm(`warm-${name}`)).steps))}`);
  }
} finally {
  await rm(root, { recursive: true });
}
