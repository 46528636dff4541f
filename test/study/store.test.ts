// The study store, the whole suite on each database that there is: taking and giving back, dead workers, shared trials,
// pauses, later stages.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/identity.ts';
import type { Database } from '../../src/study/db/database.ts';
import { openDatabase } from '../../src/study/open.ts';
import { advanceStudy, firstTrials, studyId } from '../../src/study/protocol.ts';
import { openStore, type Store } from '../../src/study/store.ts';
import { maxDeaths, maxFailures } from '../../src/study/store-transitions.ts';
import { postgresBinaries, type Server, startPostgres } from '../support/postgres.ts';
import { madeUp, planOf, smallPlan, tallyOf } from '../support/study.ts';

const binaries = postgresBinaries();
if (!binaries) console.warn('store tests on a PostgreSQL server skipped: no server is installed');

describe.each(binaries ? ['pglite', 'postgres'] : ['pglite'])('the store on %s', (kind) => {
  let folder: string;
  let server: Server | undefined;
  let database: Database;
  let store: Store;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vitune-store-'));
    server = kind === 'postgres' ? await startPostgres(binaries!) : undefined;
    database = await openDatabase(server?.url ?? folder, 'study');
    store = openStore(database);
  });
  afterAll(async () => {
    await database?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await (await database.queue()).clearStorage();
    for (const table of [
      'artifact',
      'result',
      'epoch',
      'attempt',
      'study_trial',
      'trial_spec',
      'trial',
      'study',
      'worker',
      'reference',
    ] as const)
      await database.kysely.deleteFrom(table).execute();
  });

  const add = async (yaml = smallPlan): Promise<string> => {
    const study = await planOf(yaml);
    const id = studyId(study);
    const cells = study.cells.map(({ model, data, method }) => ({ model, data, method }));
    await store.addStudy({ id, name: study.plan.name, plan: study.plan, cells }, firstTrials(study));
    return id;
  };
  let attempts = 0;
  const take = async (worker = 'w') => store.claim(worker, `attempt-${attempts++}`);
  const runAll = async (study: string) => {
    for (;;) {
      const claim = await take();
      if (claim) await store.finish(claim.attempt, claim.trial, madeUp({ id: claim.trial, spec: claim.spec }));
      else if (await advanceStudy(store, (await store.studies()).find(({ id }) => id === study)!)) return;
    }
  };

  it('takes a store over that was made before specs had a table of their own', async () => {
    const id = await add();
    const claim = (await take())!;
    const before = await Promise.all((await store.trials(id)).map(({ id }) => store.spec(id)));
    for (const statement of [
      'alter table trial add column spec jsonb',
      'update trial set spec = trial_spec.spec from trial_spec where trial_spec.trial = trial.id',
      'drop table trial_spec',
      "delete from kysely_migration where name = '007-specs-apart'",
    ])
      await sql.raw(statement).execute(database.kysely);
    await database.close();
    database = await openDatabase(server?.url ?? folder, 'study');
    store = openStore(database);
    const trials = await store.trials(id);
    expect(await Promise.all(trials.map(({ id }) => store.spec(id)))).toEqual(before);
    expect(trials.map(({ state, reason }) => `${state} ${reason}`).sort()).toEqual([
      ...Array(before.length - 1).fill('queued null'),
      'running null',
    ]);
    await store.giveBack(claim.attempt, 'stopped', null);
    expect((await take())?.spec).toEqual(claim.spec);
  });

  it.skipIf(kind === 'pglite')('survives that its server is restarted while a connection is in use', async () => {
    await add();
    const broken = database.kysely.transaction().execute(async (tx) => {
      await tx.selectFrom('study').selectAll().execute();
      server!.restart('immediate');
      await new Promise((wake) => setTimeout(wake, 100)); // the connection is found to be gone, with no query that could tell
      await tx.selectFrom('study').selectAll().execute();
    });
    await expect(broken).rejects.toThrow();
    expect((await store.studies()).length).toBe(1);
  });

  it('gives each trial to one attempt, in the order of the plan', async () => {
    await add();
    const claims = [await take(), await take(), await take()];
    expect(claims.map((c) => c!.spec.run.methods[0]!.options.rank)).toEqual([2, 4, 8]);
    expect(new Set(claims.map((c) => c!.trial)).size).toBe(3);
    expect(await take()).toBeUndefined();
  });

  it('never gives one trial twice to workers that ask at once', async () => {
    await add(smallPlan.replace('[2, 4, 8]', `[${Array.from({ length: 40 }, (_, i) => i + 1)}]`));
    const taken: string[] = [];
    const worker = async (name: string) => {
      for (let claim = await take(name); claim; claim = await take(name)) taken.push(claim.trial);
    };
    await Promise.all(['a', 'b', 'c', 'd'].map(worker));
    expect([taken.length, new Set(taken).size]).toEqual([40, 40]);
  });

  it('answers the same question the same way: an answer may be lost', async () => {
    const study = await add();
    const first = (await store.claim('w', 'again'))!;
    expect(await store.claim('w', 'again')).toEqual(first);
    const result = madeUp({ id: first.trial, spec: first.spec });
    expect(await store.finish('again', first.trial, result)).toBe(true);
    expect(await store.finish('again', first.trial, { ...result, seconds: 9 })).toBe(true);
    expect((await store.trials(study))[0]).toMatchObject({ state: 'done', seconds: 1 });
  });

  it('gives the trials that wait beside a claimed one by name, each to one attempt', async () => {
    const study = await add();
    const held = (await take())!;
    const ids = (await store.trials(study)).map(({ id }) => id);
    expect((await store.waitingBeside(held.trial)).map(({ id }) => id)).toEqual(ids.slice(1));
    const second = await store.claimTrial('w', 'second', ids[2]!);
    expect(second).toMatchObject({ attempt: 'second', trial: ids[2] });
    expect(await store.claimTrial('w', 'second', ids[2]!)).toEqual(second); // the answer may have been lost
    expect(await store.claimTrial('v', 'third', ids[2]!)).toBeUndefined();
    expect((await store.waitingBeside(held.trial)).map(({ id }) => id)).toEqual([ids[1]]);
    // The job of the trial that was taken by name is passed over; given back, the trial is queued once more.
    expect((await take())!.trial).toBe(ids[1]);
    expect(await take()).toBeUndefined();
    await store.giveBack('second', 'stopped', null);
    expect((await take())!.trial).toBe(ids[2]);
    expect(await take()).toBeUndefined();
  });

  it('tells of nobody beside a trial that failed, nor of one that failed beside another', async () => {
    const study = await add();
    const failed = (await take())!;
    await store.giveBack(failed.attempt, 'failed', 'the loss became NaN');
    const other = (await take())!;
    expect(other.trial).toBe(failed.trial);
    expect(await store.waitingBeside(other.trial)).toEqual([]);
    const next = (await take())!;
    await store.giveBack(other.attempt, 'lost', null);
    const beside = (await store.waitingBeside(next.trial)).map(({ id }) => id);
    expect(beside).toEqual([(await store.trials(study))[2]!.id]);
    await store.setStatus(study, 'paused');
    expect(await store.waitingBeside(next.trial)).toEqual([]);
    expect(await store.claimTrial('w', 'paused', beside[0]!)).toBeUndefined();
  });

  it('keeps a result whole: metrics, bytes and files', async () => {
    const study = await add();
    const { attempt, trial, spec } = (await take())!;
    const result = madeUp({ id: trial, spec });
    await store.addEpoch(trial, 0, { loss: 1 });
    await store.addEpoch(trial, 0, { loss: 2, seconds: 1.5 });
    await store.addEpoch(trial, 1, { loss: 1, seconds: 0.25 });
    expect(await store.finish(attempt, trial, result)).toBe(true);
    expect((await store.trials(study))[0]).toMatchObject({
      id: trial,
      state: 'done',
      val: result.val,
      seconds: 1,
      memory: 1e8,
    });
    expect(await store.epochs(trial)).toEqual([
      { loss: 2, seconds: 1.5 },
      { loss: 1, seconds: 0.25 },
    ]);
    expect(await store.epochSeconds(study)).toEqual(new Map([[trial, 1.75]]));
    expect(await store.epochSeconds('another')).toEqual(new Map());
    expect([...(await store.valRight([trial])).get(trial)!]).toEqual([...result.valRight!]);
    const [file] = await store.artifacts(trial);
    expect([file!.name, new TextDecoder().decode(file!.bytes)]).toEqual(['adapter_model.safetensors', trial]);
  });

  it('keeps files of any size, in parts', async () => {
    await add();
    const { attempt, trial, spec } = (await take())!;
    const part = 8 * 2 ** 20;
    const files = Object.fromEntries(
      [0, 1, part, 2 * part + 3].map((size) => [`of ${size}`, new Uint8Array(size).map((_, i) => i >>> (i & 15))]),
    );
    expect(await store.finish(attempt, trial, { ...madeUp({ id: trial, spec }), files })).toBe(true);
    const kept = await store.artifacts(trial);
    expect(kept.map(({ name }) => name)).toEqual(Object.keys(files).sort());
    for (const { name, sha256: hash, bytes } of kept) {
      expect(Buffer.compare(bytes, files[name]!), name).toBe(0);
      expect(hash).toBe(sha256(files[name]!));
      expect(Buffer.compare((await store.artifact(trial, name))!, files[name]!), name).toBe(0);
    }
    expect(await store.artifact(trial, 'another')).toBeUndefined();
  });

  it('returns what a dead worker held, and refuses its late result', async () => {
    const study = await add();
    await store.addWorker('dead');
    const lost = (await take('dead'))!;
    expect(await store.silentWorkers(Date.now() - 60_000)).toEqual([]);
    expect(await store.silentWorkers(Date.now() + 1)).toEqual(['dead']);
    await store.dropWorker('dead', 'lost');
    const again = (await take())!;
    expect(again.trial).toBe(lost.trial);
    expect(await store.heartbeat('dead', lost.attempt, undefined)).toBe(false);
    expect(await store.heartbeat('w', again.attempt, undefined)).toBe(true);
    const result = madeUp({ id: lost.trial, spec: lost.spec });
    expect(await store.finish(lost.attempt, lost.trial, result)).toBe(false);
    expect(await store.finish(again.attempt, again.trial, result)).toBe(true);
    expect((await store.trials(study)).filter(({ state }) => state === 'done').length).toBe(1);
  });

  it('lets nobody hold a trial that is held', async () => {
    await add();
    const { attempt, trial } = (await take())!;
    const second = { id: 'second', trial, worker: 'v', started: 0, ended: null, outcome: null, reason: null };
    await expect(database.kysely.insertInto('attempt').values(second).execute()).rejects.toThrow(/attempt_one_holder/);
    expect(await store.holds(attempt)).toBe(true);
    await store.giveBack(attempt, 'stopped', null);
    expect(await store.holds(attempt)).toBe(false);
    await database.kysely.insertInto('attempt').values(second).execute();
  });

  it('gives a trial up after three errors, with the reason; the study goes on', async () => {
    const study = await add();
    for (let i = 0; i < maxFailures; i++) {
      const claim = (await take())!;
      await store.giveBack(claim.attempt, 'failed', 'the loss became NaN');
    }
    await runAll(study);
    const [first, ...others] = await store.trials(study);
    expect(first).toMatchObject({ state: 'failed', failures: 3, reason: 'the loss became NaN' });
    expect(others.map(({ state, phase }) => `${phase} ${state}`)).toEqual([
      'tune done',
      'tune done',
      'final done',
      'final done',
    ]);
  });

  it('does not count deaths as errors, but does not feed workers to a trial for ever', async () => {
    const study = await add(smallPlan.replace('[2, 4, 8]', '[2, 4]'));
    for (let i = 0; i < maxDeaths; i++) {
      expect((await store.trials(study))[0]!.state).toBe('queued');
      await take('dead');
      await store.dropWorker('dead', 'lost');
    }
    expect((await store.trials(study))[0]).toMatchObject({ state: 'failed', failures: 0, reason: 'its worker died' });
  });

  it('shares trials between studies, and runs none of them twice', async () => {
    const first = await add();
    await runAll(first);
    const second = await add(smallPlan.replace('name: small', 'name: other').replace('[2, 4, 8]', '[4, 8, 16]'));
    const before = attempts;
    await runAll(second);
    const rows = await store.trials(second);
    expect(rows.every(({ state }) => state === 'done')).toBe(true);
    const shared = new Set((await store.trials(first)).map(({ id }) => id));
    const fresh = rows.filter(({ id }) => !shared.has(id)).length;
    const tries = await database.kysely.selectFrom('attempt').select('id').where('worker', '=', 'w').execute();
    expect(tries.length).toBe(5 + fresh);
    expect(attempts).toBeGreaterThan(before);
  });

  it('adds a study that is there already only once', async () => {
    const id = await add();
    expect(await add()).toBe(id);
    expect((await store.trials(id)).length).toBe(3);
  });

  it('takes nothing of a paused study, and stops what runs of it', async () => {
    const study = await add();
    const claim = (await take())!;
    await store.setStatus(study, 'paused');
    expect(await store.heartbeat('w', claim.attempt, undefined)).toBe(false);
    await store.giveBack(claim.attempt, 'stopped', null);
    expect(await take()).toBeUndefined();
    await store.setStatus(study, 'running');
    expect((await take())!.trial).toBe(claim.trial);
  });

  it('tunes, chooses, and runs the chosen point once a seed', async () => {
    const study = await add();
    await runAll(study);
    const rows = await store.trials(study);
    const tuned = rows.filter(({ phase }) => phase === 'tune');
    const finals = rows.filter(({ phase }) => phase === 'final');
    const best = tuned.reduce((a, b) => (b.val!.top1 > a.val!.top1 ? b : a));
    expect(finals.map(({ point }) => [point.params, point.seed, point.tried])).toEqual([
      [best.point.params, 0, 3],
      [best.point.params, 1, 3],
    ]);
    expect(finals.every(({ tests, val }) => tests !== null && val === null)).toBe(true);
    const { run } = await store.spec(finals[1]!.id);
    expect([run.training.seed, run.dataOptions.trainOnVal]).toEqual([1, true]);
    expect((await store.studies())[0]!.status).toBe('done');
  });

  it('halves round by round', async () => {
    const study = await add(`
name: halving
data: shapes
methods: { name: lora, options: { rank: [1, 2, 3, 4, 5, 6, 7, 8, 9] } }
search: { kind: halving, epochs: [2, 4, 8] }
`);
    await runAll(study);
    const rows = await store.trials(study);
    const sizes = [0, 1, 2].map((round) => rows.filter((r) => r.phase === 'tune' && r.round === round).length);
    expect(sizes).toEqual([9, 3, 1]);
    const final = rows.filter(({ phase }) => phase === 'final');
    expect(final.length).toBe(1);
    expect((await store.spec(final[0]!.id)).run.training.epochs).toBe(8);
  });

  it('counts as one counts by hand, at every stage', async () => {
    const study = await add(
      `${smallPlan.replace('[2, 4, 8]', '[1, 2, 3, 4, 5]').replace('data: shapes', 'data: [a, b]')}budget: { hours: 0.001 }\n`,
    );
    const counted = async () => expect(await store.tally(study)).toEqual(tallyOf(await store.trials(study)));
    await counted();
    for (let i = 0; i < maxFailures; i++) await store.giveBack((await take())!.attempt, 'failed', 'NaN');
    const [first, second] = [(await take())!, (await take())!];
    await store.finish(first.attempt, first.trial, madeUp({ id: first.trial, spec: first.spec }));
    await counted();
    await store.giveBack(second.attempt, 'stopped', null);
    await runAll(study);
    await counted();
    const { groups, best, failures } = await store.tally(study);
    expect(groups.filter(({ phase }) => phase === 'final').map(({ runs }) => runs)).toEqual([2, 2]);
    expect([best.length, failures]).toEqual([
      2,
      [{ trial: expect.any(String), cell: 0, params: expect.any(Object), reason: 'NaN' }],
    ]);
  });

  it('ends tuning when the hours are spent, and still tests', async () => {
    const study = await add(`${smallPlan}budget: { hours: 0.0001 }\n`);
    await runAll(study); // one trial takes a second, the budget is 0.36
    const rows = await store.trials(study);
    expect(rows.filter(({ phase, skipped }) => phase === 'tune' && skipped).length).toBeLessThanOrEqual(2);
    expect(rows.filter(({ phase, state }) => phase === 'final' && state === 'done').length).toBe(2);
  });

  it('ends halving when the hours are spent, with what the last whole round told', async () => {
    const study = await add(`
name: short
data: shapes
methods: { name: lora, options: { rank: [1, 2, 3, 4, 5, 6] } }
search: { kind: halving, epochs: [2, 4, 8], keep: 0.5 }
budget: { hours: 0.0019 }
`);
    // A trial takes a second, the budget is 6.84: the second round has begun when it is spent.
    for (let done = false; !done; ) {
      const claim = await take();
      if (claim) await store.finish(claim.attempt, claim.trial, madeUp({ id: claim.trial, spec: claim.spec }));
      done = await advanceStudy(store, (await store.studies())[0]!);
    }
    const rows = await store.trials(study);
    const [first, ...more] = [0, 1, 2].map((round) => rows.filter((r) => r.phase === 'tune' && r.round === round));
    expect(first!.every(({ state }) => state === 'done')).toBe(true);
    expect(more.map((round) => round.filter(({ state }) => state === 'done').length)).toEqual([1, 0]);
    const finals = rows.filter(({ phase }) => phase === 'final');
    expect(finals.map(({ state, point }) => [state, point.tried])).toEqual([['done', 6]]);
    expect((await store.spec(finals[0]!.id)).run.training.epochs).toBe(8);
  });
});
