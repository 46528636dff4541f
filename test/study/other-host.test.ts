// A worker on another "host": a network namespace of its own, another host name, and nothing of this test's files but the data
// and the model. It reaches the study on a PostgreSQL server over a virtual cable, joins by `vitune worker --db URL`, and delivers.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readPlan } from '../../src/studies/plan.ts';
import { resultsOf } from '../../src/study/look.ts';
import { openDatabase } from '../../src/study/open.ts';
import { firstTrials, studyRow } from '../../src/study/protocol.ts';
import { openStore } from '../../src/study/store.ts';
import { cliPath } from '../support/cli.ts';
import { postgresBinaries, startPostgres } from '../support/postgres.ts';
import { writePictures, writeTinyModel } from '../support/tiny.ts';

const here = '10.213.7.1/30';
const there = '10.213.7.2/30';
const space = `vitune${process.pid}`;
const cable = [`vt${process.pid}a`, `vt${process.pid}b`] as const;

const run = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: 'utf8' });
/** Runs one command after the other; returns what the first one that failed says. */
function all(...lines: string[]): string | undefined {
  for (const line of lines) {
    const { status, stderr, error } = run('sh', '-c', line);
    if (status !== 0) return `${line}: ${error?.message ?? stderr.trim()}`;
  }
  return undefined;
}

/** Lays the cable; returns why it can't be done here. */
function otherHost(): string | undefined {
  if (process.platform !== 'linux') return 'there are no network namespaces';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  return all(
    `ip netns add ${space}`,
    `ip link add ${cable[0]} type veth peer name ${cable[1]} netns ${space}`,
    `ip addr add ${here} dev ${cable[0]}`,
    `ip link set ${cable[0]} up`,
    `ip -n ${space} addr add ${there} dev ${cable[1]}`,
    `ip -n ${space} link set ${cable[1]} up`,
  );
}

/** Milliseconds: a study in processes of its own takes minutes on a machine that is busy. */
const busy = 600_000;

it('a worker on another host joins, shares nothing but the data, and delivers', { timeout: busy }, async (context) => {
  const binaries = postgresBinaries();
  onTestFinished(() => void run('ip', 'netns', 'del', space)); // the cable goes with it
  const missing = binaries ? otherHost() : 'no PostgreSQL server is installed';
  if (missing !== undefined) return context.skip(`no other host: ${missing}`);

  const root = await mkdtemp(join(tmpdir(), 'vitune-host-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  process.env.VITUNE_CACHE = join(root, 'cache');
  const shared = join(root, 'shared');
  await writePictures(join(shared, 'shapes'), 12);
  await writeTinyModel(join(shared, 'tiny'));
  const planned = await readPlan(
    {
      name: 'far',
      models: 'tiny',
      data: 'shapes',
      dataOptions: { valFraction: 0.25, testFraction: 0.25 },
      methods: { name: 'lora', options: { rank: [1, 2] } },
      training: { epochs: 2, batchSize: 8 },
    },
    shared,
  );
  const server = await startPostgres(binaries!, here);
  onTestFinished(() => server.stop());
  const database = await openDatabase(server.url, 'study');
  const store = openStore(database);
  onTestFinished(() => store.close());
  await store.addStudy(studyRow(planned), firstTrials(planned));

  // The folder `shared` is all that is left of the test's own: it is put aside while an empty disk is laid over the rest.
  const script = `
    hostname far-away
    aside=$(mktemp -d) && mount --bind "$SHARED" "$aside" && mount -t tmpfs none "$ROOT" || exit 9
    mkdir "$SHARED" && mount --bind "$aside" "$SHARED" && umount "$aside" && rmdir "$aside" || exit 9
    ls -A "$ROOT"
    exec "$NODE" "$CLI" worker --db "$DB" --runs "$ROOT/runs" --leave`;
  const env = { ...process.env, ROOT: root, SHARED: shared, NODE: process.execPath, CLI: cliPath, DB: server.url };
  const args = ['netns', 'exec', space, 'unshare', '--mount', '--uts', 'sh', '-c', script];
  const worker = spawnSync('ip', args, { env, encoding: 'utf8' });
  expect([worker.status, worker.stderr]).toEqual([0, '']);
  expect(worker.stdout.split('\n')[0]).toBe('shared');

  const [study] = await store.studies();
  expect(study!.status).toBe('done');
  expect(await resultsOf(store, [study!])).toMatchObject([{ method: 'lora', seed: 0, tried: 2 }]);
  const trials = await store.trials(study!.id);
  expect(trials.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  const hosts = await database.kysely
    .selectFrom('attempt')
    .innerJoin('worker', 'worker.id', 'attempt.worker')
    .select(['host', 'outcome'])
    .execute();
  expect(hosts).toEqual(Array(3).fill({ host: 'far-away', outcome: 'done' }));
  for (const { id, phase } of trials) {
    const files = (await store.artifacts(id)).map(({ name }) => name);
    expect([phase, files.includes('adapter_model.safetensors')]).toEqual([phase, phase === 'final']);
    expect(files).toContain(phase === 'final' ? 'test_logits.safetensors' : 'val_logits.safetensors');
  }
});
