// Whole studies: workers on the embedded store in this process, and the command line with processes of its own.
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunError } from '../../src/base/errors.ts';
import type { Database } from '../../src/study/db/database.ts';
import { openDatabase } from '../../src/study/open.ts';
import { firstTrials, studyId } from '../../src/study/protocol.ts';
import { parseReferences } from '../../src/study/references.ts';
import { finalResults, interval } from '../../src/study/results.ts';
import { openStore, type Store } from '../../src/study/store.ts';
import { runWorker } from '../../src/study/worker.ts';
import { start, vitune } from '../support/cli.ts';
import { fakeEnvironment, madeUp, planOf, smallPlan } from '../support/study.ts';
import { writePictures, writeTinyModel } from '../support/tiny.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-study-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('workers', () => {
  let database: Database;
  let store: Store;
  beforeAll(async () => {
    database = await openDatabase(join(root, 'workers'), 'study');
    store = openStore(database);
  });
  afterAll(() => store.close());

  const add = async (yaml: string): Promise<string> => {
    const study = await planOf(yaml);
    const id = studyId(study);
    const cells = study.cells.map(({ model, data, method }) => ({ model, data, method }));
    await store.addStudy({ id, name: study.plan.name, plan: study.plan, cells }, firstTrials(study));
    return id;
  };
  const work = (id: string, environment = fakeEnvironment(), signal = new AbortController().signal) =>
    runWorker({ id, store, environment, runs: join(root, 'runs'), signal, leave: true });

  it('take a study to its end together, and tell whoever reads meanwhile', async () => {
    const study = await add(smallPlan);
    const readers = openStore(await openDatabase(join(root, 'workers'), 'reader'));
    await Promise.all([work('a'), work('b'), work('c')]);
    const rows = await readers.trials(study);
    await readers.close();
    expect(rows.map(({ phase, state }) => `${phase} ${state}`).sort()).toEqual([
      ...Array(2).fill('final done'),
      ...Array(3).fill('tune done'),
    ]);
    const [row] = (await store.studies()).filter(({ id }) => id === study);
    expect(row!.status).toBe('done');
    expect(finalResults(row!, rows).map(({ seed, tried }) => [seed, tried])).toEqual([
      [0, 3],
      [1, 3],
    ]);
  });

  it('give back what they hold when they are stopped', async () => {
    const study = await add(smallPlan.replace('name: small', 'name: stopped').replace('shapes', 'stopped'));
    const stop = new AbortController();
    const environment = fakeEnvironment(async (job) => {
      stop.abort();
      return job.signal.aborted ? undefined : madeUp(job);
    });
    await work('stopped', environment, stop.signal);
    const states = (await store.trials(study)).map(({ state }) => state);
    expect(states).toEqual(['queued', 'queued', 'queued']);
    await work('later');
    expect((await store.trials(study)).every(({ state }) => state === 'done')).toBe(true);
  });

  it('go on when a trial fails three times, with the reason kept', async () => {
    const study = await add(smallPlan.replace('name: small', 'name: failing').replace('shapes', 'failing'));
    const environment = fakeEnvironment(async (job) => {
      if (job.spec.run.methods[0]!.options.rank !== 4) return madeUp(job);
      await job.onEvent({ type: 'decoding', done: 1, total: 2 });
      await job.onEvent({ type: 'decoding', done: 2, total: 2 });
      await job.onEvent({ type: 'saved', step: 7 });
      throw new RunError('train: the loss became NaN', { cause: new Error('at the head') });
    });
    await work('failing', environment);
    const rows = await store.trials(study);
    expect(rows.filter(({ state }) => state === 'failed')).toMatchObject([
      { failures: 3, reason: 'train: the loss became NaN', point: { params: { rank: 4 } } },
    ]);
    expect(rows.filter(({ phase, state }) => phase === 'final' && state === 'done').length).toBe(2);
    const failed = await store.attempts(rows.find(({ state }) => state === 'failed')!.id);
    expect(failed.length).toBe(3);
    for (const { log } of failed) {
      const lines = log!.split('\n');
      expect(lines[0]).toMatch(/^worker failing, process \d+ on /);
      // Progress is told once, by its newest.
      expect(lines.slice(1, 4).map((line) => line.replace(/^\S+ /, ''))).toEqual([
        'decoding {"done":2,"total":2}',
        'saved {"step":7}',
        'failed',
      ]);
      expect(log).toMatch(/RunError: train: the loss became NaN\n\s+at .*cause.*at the head/s);
    }
    expect((await store.attempts(rows[0]!.id)).map(({ outcome, log }) => [outcome, log])).toEqual([['done', null]]);
  });

  it('refuse the late result of a worker that was thought dead, and leave the folder to the one in its place', async () => {
    const study = await add(smallPlan.replace('name: small', 'name: late').replace('shapes', 'late'));
    // The late one is cut off: its signs of life don't arrive. It finishes while the other one trains the same trial.
    let cutOff = (_: boolean) => {};
    const away = new Promise<boolean>((resolve) => {
      cutOff = resolve;
    });
    let taken: string | undefined;
    let otherTrains = () => {};
    const trainedElsewhere = new Promise<void>((resolve) => {
      otherTrains = resolve;
    });
    const leave = new AbortController();
    const outcomes: string[] = [];
    const late = runWorker({
      id: 'late',
      store: { ...store, heartbeat: () => away },
      environment: fakeEnvironment(async (job) => {
        taken = job.id;
        await store.heartbeat('late', undefined, undefined);
        await database.kysely.updateTable('worker').set({ heartbeat: 0 }).where('id', '=', 'late').execute();
        await trainedElsewhere;
        return madeUp(job);
      }),
      runs: join(root, 'runs'),
      signal: leave.signal,
      leave: true,
      onTrial: (_, outcome) => {
        outcomes.push(outcome);
        leave.abort();
      },
    });
    await expect.poll(() => taken, { timeout: 60_000 }).toBeDefined();
    const environment = fakeEnvironment(async (job) => {
      if (job.id !== taken || outcomes.length > 0) return madeUp(job);
      await mkdir(job.folder, { recursive: true });
      await writeFile(join(job.folder, 'checkpoint'), '');
      otherTrains();
      await expect.poll(() => outcomes, { timeout: 60_000 }).toEqual(['superseded']);
      expect(await readdir(job.folder)).toEqual(['checkpoint']);
      return madeUp(job);
    });
    await work('other', environment);
    cutOff(false);
    await late;
    const attempts = await store.attempts(taken!);
    expect(attempts.map(({ worker, outcome }) => `${worker} ${outcome}`)).toEqual(['late lost', 'other done']);
    const rows = await store.trials(study);
    expect(rows.every(({ state, failures }) => state === 'done' && failures === 0)).toBe(true);
  }, 120_000);

  it('refuse to train on other data than the plan was made for, without harm to the trial', async () => {
    const study = await add(smallPlan.replace('name: small', 'name: misfit').replace('shapes', 'misfit'));
    const here = fakeEnvironment();
    const elsewhere = {
      ...here,
      data: async (spec: Parameters<typeof here.data>[0]) => ({ ...(await here.data(spec)), fingerprint: 'x' }),
    };
    await expect(work('misfit', elsewhere)).rejects.toThrow(/holds other pictures than when the study was planned/);
    expect((await store.trials(study)).map(({ state, failures }) => [state, failures])).toEqual(
      Array(3).fill(['queued', 0]),
    );
    await work('fit');
  });
});

it('the interval is Student’s over seeds', () => {
  // numpy: mean 0.82, std(ddof=1) 0.02; scipy: t.ppf(0.975, 2) = 4.302652...
  const { mean, halfWidth, over } = interval([0.8, 0.82, 0.84], 100);
  expect([mean, over]).toEqual([expect.closeTo(0.82, 10), 'seeds']);
  expect(halfWidth).toBeCloseTo((4.303 * 0.02) / Math.sqrt(3), 8);
  expect(interval([0.8], 100)).toEqual({ mean: 0.8, halfWidth: expect.closeTo(0.0784, 4), over: 'pictures' });
});

/** Milliseconds: these tests start a dozen processes and databases, which takes minutes on a machine that is busy. */
const busy = 900_000;

describe(
  'the command line',
  () => {
    const plan = () => join(root, 'plan.yaml');
    beforeAll(async () => {
      await writePictures(join(root, 'shapes'), 12);
      await writeTinyModel(join(root, 'tiny'));
      await writeFile(
        plan(),
        `name: cli
models: tiny
data: shapes
dataOptions: { valFraction: 0.25, testFraction: 0.25 }
methods: [linear, { name: lora, options: { rank: 2 }, training: { learningRate: [0.001, 0.01] } }]
training: { epochs: 4, batchSize: 8 }
seeds: [0, 1]
`,
      );
    });

    it('refuses a bad plan with all its lines, before anything is made', async () => {
      const bad = join(root, 'bad.yaml');
      await writeFile(bad, 'name: bad\ndata: nowhere\nmethods: [lorra, linear]\n');
      const { code, stderr } = await vitune('study', 'run', bad, '--db', join(root, 'never'));
      expect([code, stderr.match(/bad\.yaml:\d+:\d+: /g)?.length]).toEqual([2, 2]);
      expect(await readdir(root)).not.toContain('never');
    });

    it('plans, runs with a worker killed on the way, reports and exports', async () => {
      const planned = JSON.parse((await vitune('study', 'plan', plan(), '--json')).stdout) as { runs: number };
      expect(planned.runs).toBe(6);
      const db = join(root, 'db');
      const { child, finished } = start(['study', 'run', plan(), '--db', db, '--workers', '1', '--json']);
      let killed = 0;
      const timer = setInterval(() => {
        const worker = childOf(child.pid!);
        if (worker === undefined || killed > 0) return;
        killed = worker;
        process.kill(worker, 'SIGKILL');
      }, 50);
      const { code, stdout, stderr } = await finished;
      clearInterval(timer);
      expect([code, stderr.includes('6/6 runs'), killed > 0]).toEqual([0, true, process.platform === 'linux']);
      const results = JSON.parse(stdout) as { method: string; seed: number; top1: number; params: object }[];
      expect(results.map(({ method, seed }) => [method, seed])).toEqual([
        ['linear', 0],
        ['linear', 1],
        ['lora', 0],
        ['lora', 1],
      ]);
      expect(results.every(({ top1 }) => top1 >= 0 && top1 <= 1)).toBe(true);

      const again = await vitune('study', 'run', plan(), '--db', db, '--json');
      expect([again.code, again.stdout]).toEqual([0, stdout]);
      expect(again.stderr).toContain('study cli is done');
      expect(await readdir(join(db, 'trials')).catch(() => [])).toEqual([]);

      const folder = join(root, 'export');
      expect((await vitune('study', 'export', folder, '--db', db)).code).toBe(0);
      const summary = await readFile(join(folder, 'cli/cells/tiny/shapes/lora/tune_summary.csv'), 'utf8');
      const [header, ...points] = summary.trim().split(/\r?\n/);
      // The published code evaluates the first column and takes two others by their places.
      expect(header!.split(',').filter((_, i) => [0, 5, 8].includes(i))).toEqual([
        'param_set',
        'val_top1',
        'val_best_top1',
      ]);
      expect(points.map((line) => /^"?\{'.*\}"?,/.test(line))).toEqual([true, true]);
      const final = JSON.parse(
        await readFile(join(folder, 'cli/cells/tiny/shapes/lora/final_result.json'), 'utf8'),
      ) as { avg_acc: number; best_tune: object; seeds: object[] };
      expect([final.avg_acc >= 0, typeof final.best_tune, final.seeds.length]).toEqual([true, 'object', 2]);
      expect((await readdir(join(folder, 'cli/trials'))).length).toBe(6);
    });

    it('keeps imported results and shows them beside its own', async () => {
      const db = join(root, 'db');
      const file = join(root, 'published.json');
      const record = { path: 'set/shapes/lora', protocol: 'p', method: 'lora', test_top1: 77.7 };
      await writeFile(file, JSON.stringify([record]));
      expect((await vitune('study', 'import', file, '--db', db)).stdout).toContain('1 results of published kept');
      const { stdout } = await vitune('study', 'results', '--db', db);
      expect(stdout.split('\n').find((line) => / lora /.test(line))).toContain('77.7');
    });
  },
  busy,
);

it('results of others are checked before they are kept', () => {
  const record = { path: 'set/shapes/lora', protocol: 'p', method: 'lora', test_top1: 777 };
  expect(() => parseReferences('f.json', JSON.stringify([record]))).toThrow(/import f\.json: is no list of results/);
  expect(() => parseReferences('f.json', '[{')).toThrow(/import f\.json: is not JSON/);
});

/** The first child of a process, by Linux's own list. */
function childOf(pid: number): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return first ? Number(first) : undefined;
  } catch {
    return undefined;
  }
}
