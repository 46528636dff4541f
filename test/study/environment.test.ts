// Trials as they are really run, in folders that earlier tries left.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { studyEnvironment } from '../../src/studies/environment.ts';
import { openPlan } from '../../src/study/check.ts';
import { firstTrials } from '../../src/study/protocol.ts';
import type { RunEvent } from '../../src/train/events.ts';
import { writePictures, writeTinyModel } from '../support/tiny.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-environment-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('tells each store of all epochs, also of those that were done for another one', async () => {
  await writePictures(join(root, 'shapes'), 12);
  await writeTinyModel(join(root, 'tiny'));
  const environment = studyEnvironment();
  const plan = 'name: left\nmodels: tiny\ndata: shapes\nmethods: linear\ntraining: { epochs: 4, batchSize: 8 }';
  const [trial] = firstTrials(await openPlan(plan, 'plan.yaml', root, environment));
  const { id, spec } = trial!;
  /** Tries the trial, up to the epoch that is given, and returns what a store has then. */
  const attempt = async (folder: string, last = Number.POSITIVE_INFINITY) => {
    const stop = new AbortController();
    const epochs = new Map<number, object>();
    const onEvent = (event: RunEvent) => {
      if (event.type !== 'epoch') return;
      epochs.set(event.epoch, { ...event, seconds: 0 });
      if (event.epoch === last) stop.abort();
    };
    const result = await environment.run({ id, spec, folder: join(root, folder), signal: stop.signal, onEvent });
    return { result, epochs };
  };
  const whole = await attempt('whole');
  expect([...whole.epochs.keys()]).toEqual([0, 1, 2, 3]);
  expect((await attempt('left', 1)).result).toBeUndefined();
  const resumed = await attempt('left');
  expect(resumed.epochs).toEqual(whole.epochs);
  expect(resumed.result!.val).toEqual(whole.result!.val);
  expect((await attempt('left')).epochs).toEqual(whole.epochs); // it was done: nothing is trained any more
});
