// Kills training at random moments and resumes it: every adapter must come out bit-identical to that of an uninterrupted run.
// The real thing: the built command line, the embedded model, `kill -9`. Prints each kill and the counts; fails if one differs.
//
//   npm run build && npx tsx scripts/kill-test.ts [--kills 20] [--seed 0] [--method lora]
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sha256 } from '../src/base/identity.ts';
import { stream } from '../src/base/rng.ts';
import { defaultMethod } from '../src/methods/index.ts';
import { runFiles } from '../src/train/run-folder.ts';
import { start, vitune } from '../test/support/cli.ts';
import { renderNoto } from './lib/noto.ts';

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '0' },
    method: { type: 'string', default: defaultMethod },
  },
});
const kills = Number(flags.kills);
const moments = stream(Number(flags.seed), 'kill');

process.env.VITUNE_SAVE_SECONDS = '0'; // save as often as the run allows itself: what is killed then is often a save
const work = await mkdtemp(join(tmpdir(), 'vitune-kill-'));
try {
  const data = join(work, 'noto');
  await renderNoto(data, 96, 12);
  const run = (out: string, ...more: string[]) => [
    ...['train', data, '--method', flags.method, '--epochs', '4', '--batch-size', '8', '--json'],
    ...['--flip', '--random-resized-crop', '--drop-path', '0.1', '--keep', 'best', '--out', join(work, out), ...more],
  ];
  const adapter = async (out: string) => sha256(await readFile(join(work, out, runFiles.adapter)));
  const whole = async (out: string, ...more: string[]) => {
    const begun = performance.now();
    const { code, stderr } = await vitune(...run(out, ...more));
    if (code !== 0) throw new Error(`the uninterrupted run ended with ${code}: ${stderr}`);
    return { adapter: await adapter(out), milliseconds: performance.now() - begun };
  };

  await whole('first'); // decodes and probes, so that the next one takes the usual time
  const reference = await whole('reference');
  if ((await adapter('first')) !== reference.adapter) throw new Error('two runs with one seed differ');
  if ((await whole('other', '--seed', '1')).adapter === reference.adapter) throw new Error('two seeds give the same');
  console.log(
    `uninterrupted: ${(reference.milliseconds / 1000).toFixed(1)} s; again: the same bits; other seed: others`,
  );

  let [done, identical, saved] = [0, 0, 0];
  for (let attempt = 0; done < kills; attempt++) {
    const out = `run-${attempt}`;
    const moment = moments.uniform() * reference.milliseconds;
    const { child, finished } = start(run(out, '--resume'));
    const timer = setTimeout(() => child.kill('SIGKILL'), moment);
    const { signal } = await finished;
    clearTimeout(timer);
    if (signal === null) continue; // it was done before its moment came
    done++;
    const { code, stdout, stderr } = await vitune(...run(out, '--resume'));
    if (code !== 0) throw new Error(`the resumed run ended with ${code}: ${stderr}`);
    const from = Number(/"resumedFrom":(\d+)/.exec(stdout)?.[1]);
    const same = (await adapter(out)) === reference.adapter;
    if (from > 0) saved++;
    if (same) identical++;
    console.log(
      `kill ${String(done).padStart(2)} after ${(moment / 1000).toFixed(2).padStart(5)} s, resumed from step ${String(from).padStart(2)}: ${same ? 'identical' : 'DIFFERENT'}`,
    );
    await rm(join(work, out), { recursive: true });
  }
  console.log(`${kills} kills, ${saved} of them after a first save; ${identical} of ${kills} adapters bit-identical`);
  process.exitCode = identical === kills ? 0 : 1;
} finally {
  await rm(work, { recursive: true });
}
