// Kills a study again and again (kill -9, at random moments, workers and the main process alike), resumes it each time, and
// compares it with an undisturbed one: every trial exactly once, results equal to the last bit.
//   npm run build && npx tsx scripts/study-kill-test.ts [pglite|postgres] [kills] [mixed|heads] [log]
// On postgres (a server of its own, see test/support/postgres.ts) three workers run, and the server is restarted as well. The plan
// called heads has grid points that a worker trains together in one graph, until one of them loses its worker. Each round, a study
// killed until it is done, adds a line to the log; the same line again goes on from the kills counted there.
import { execFileSync, spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canonicalJson, type Json } from '../src/base/identity.ts';
import { stream } from '../src/base/rng.ts';
import { openDatabase } from '../src/study/open.ts';
import { openStore } from '../src/study/store.ts';
import { postgresBinaries, type Server, startPostgres } from '../test/support/postgres.ts';
import { writePictures, writeTinyModel } from '../test/support/tiny.ts';

const plans = {
  mixed: `methods: [{ name: lora, options: { rank: [1, 2, 3] } }, linear, bitfit, { name: full, training: { dropPath: [0, 0.1] } }]
training: { epochs: 40, batchSize: 4, learningRate: [0.001, 0.01] }
`,
  heads: `methods:
  - { name: linear, training: { learningRate: [0.001, 0.003, 0.01, 0.03], weightDecay: [0, 0.01] } }
  - { name: linear, label: large batches, training: { batchSize: 16, learningRate: [0.001, 0.003, 0.01, 0.03] } }
training: { epochs: 100, batchSize: 4 }
`,
};
const [kind = 'pglite', count = '200', planName = 'mixed', log] = process.argv.slice(2);
if (!Object.hasOwn(plans, planName)) throw new Error(`there is no plan ${planName}`);
const kills = Number(count);
const workers = kind === 'postgres' ? 3 : 2;
const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const root = await mkdtemp(join(tmpdir(), 'vitune-kill-'));
// Every step is saved, so that no kill comes too early to matter.
const env = { ...process.env, VITUNE_CACHE: join(root, 'cache'), VITUNE_SAVE_SECONDS: '0' };
const rng = stream(Date.now(), 'kills');

await writePictures(join(root, 'shapes'), 30);
await writeTinyModel(join(root, 'tiny'));
const plan = join(root, 'plan.yaml');
await writeFile(
  plan,
  `name: killed
models: tiny
data: shapes
dataOptions: { valFraction: 0.2, testFraction: 0.2 }
seeds: [0, 1, 2]
${plans[planName as keyof typeof plans]}`,
);

/** What must be the same however often it was killed: of each trial, metrics, epochs and the contents of files. */
type Facts = Readonly<Record<string, string>>;

async function outcome(
  db: string,
): Promise<{ facts: Map<string, Facts>; wrong: string[]; attempts: number; together: number }> {
  const database = await openDatabase(db, 'reader');
  const store = openStore(database);
  const facts = new Map<string, Facts>();
  const wrong: string[] = [];
  const [study] = await store.studies();
  const rows = await store.trials(study!.id);
  const attempts = await database.kysely
    .selectFrom('attempt')
    .select(['trial', 'worker', 'started', 'ended', 'outcome'])
    .execute();
  for (const { id, state, val, tests } of rows) {
    const done = attempts.filter((a) => a.trial === id && a.outcome === 'done').length;
    if (state !== 'done' || done !== 1) wrong.push(`${id}: ${state}, finished ${done} times`);
    const epochs = (await store.epochs(id)).map((e) => ({ ...(e as object), seconds: 0 }));
    const files = Object.fromEntries((await store.artifacts(id)).map((a) => [a.name, a.sha256]));
    const own = Object.entries({ val, tests, ...epochs, ...files }).map(([name, value]) => [
      name,
      canonicalJson(value as Json),
    ]);
    facts.set(id, Object.fromEntries(own) as Facts);
  }
  await store.close();
  // A worker has several attempts at a time only where it trains them in one graph.
  const together = attempts.filter((a) =>
    attempts.some((b) => a !== b && a.worker === b.worker && a.started < b.ended! && b.started < a.ended!),
  ).length;
  return { facts, wrong, attempts: attempts.length, together };
}

const start = (db: string) => {
  const child = spawn(process.execPath, [cli, 'study', 'run', plan, '--db', db, '--workers', String(workers)], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  return { child, ended, error: () => stderr };
};

const childrenOf = (pid: number): number[] => {
  try {
    return execFileSync('ps', ['--ppid', String(pid), '-o', 'pid=,args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(' worker '))
      .map((line) => Number(line.trim().split(' ')[0]));
  } catch {
    return []; // none
  }
};

const undisturbedDb = join(root, 'undisturbed');
const begun = performance.now();
const whole = start(undisturbedDb);
if ((await whole.ended) !== 0) throw new Error(whole.error());
const expected = await outcome(undisturbedDb);
/** Milliseconds between two kills at most: a study that is resumed is at work after some two seconds. */
const longest = Math.round(Math.max(4000, (performance.now() - begun) / 8));
console.log(`undisturbed: ${expected.facts.size} trials, ${expected.together} of them trained together`);

/** What a round saw; the same fields summed over all rounds. */
interface Round {
  readonly kind: string;
  readonly plan: string;
  readonly main: number;
  readonly worker: number;
  readonly restarts: number;
  readonly attempts: number;
  readonly together: number;
  readonly trials: number;
  readonly differ: number;
  readonly notOnce: number;
}

const history = log === undefined ? '' : await readFile(log, 'utf8').catch(() => '');
const rounds = history
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Round)
  .filter((round) => round.kind === kind && round.plan === planName);
const sum = (key: Exclude<keyof Round, 'kind' | 'plan'>) => rounds.reduce((total, round) => total + round[key], 0);
const counted = () => sum('main') + sum('worker');

async function disturbed(db: string, server: Server | undefined): Promise<Round> {
  let [main, worker, restarts] = [0, 0, 0];
  const enough = () => counted() + main + worker >= kills;
  for (;;) {
    const { child, ended, error } = start(db);
    let code: number | null | undefined;
    void ended.then((value) => {
      code = value;
    });
    while (code === undefined) {
      await new Promise((wake) => setTimeout(wake, 100 + rng.below(longest)));
      if (code !== undefined || enough()) continue;
      const victims = childrenOf(child.pid!);
      if (server && rng.below(15) === 0) {
        server.restart(rng.below(2) === 0 ? 'fast' : 'immediate');
        restarts++;
      } else if (victims.length === 0 || rng.below(3) === 0) {
        child.kill('SIGKILL');
        main++;
        await ended;
      } else {
        try {
          process.kill(victims[rng.below(victims.length)]!, 'SIGKILL');
          worker++;
        } catch {
          // it was gone already
        }
      }
    }
    if (code === 0) break;
    if (code !== null) throw new Error(`the study ended with ${code}: ${error()}`);
  }
  const got = await outcome(db);
  const differences = (id: string): string[] => {
    const [wanted, own] = [expected.facts.get(id) ?? {}, got.facts.get(id) ?? {}];
    return [...new Set([...Object.keys(wanted), ...Object.keys(own)])]
      .filter((name) => wanted[name] !== own[name])
      .map((name) => `${name}: ${own[name]} in place of ${wanted[name]}`);
  };
  const differ = [...new Set([...expected.facts.keys(), ...got.facts.keys()])].filter(
    (id) => differences(id).length > 0,
  );
  for (const line of got.wrong) console.log(`  ${line}`);
  for (const id of differ) console.log(`  ${id} differs:\n    ${differences(id).join('\n    ')}`);
  return {
    kind,
    plan: planName,
    main,
    worker,
    restarts,
    attempts: got.attempts,
    together: got.together,
    trials: got.facts.size,
    differ: differ.length,
    notOnce: got.wrong.length,
  };
}

while (counted() < kills) {
  const server = kind === 'postgres' ? await startPostgres(postgresBinaries()!) : undefined;
  const folder = join(root, `round-${rounds.length}`);
  const round = await disturbed(server?.url ?? folder, server);
  rounds.push(round);
  if (log !== undefined) await appendFile(log, `${JSON.stringify(round)}\n`);
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
  console.log(
    `round ${rounds.length}: ${round.trials} trials in ${round.attempts} attempts, ${round.together} of them together; ${sum('main')} kills of the main process and ${sum('worker')} of workers so far${server ? `, ${sum('restarts')} restarts of the server` : ''}; ${round.differ} results differ, ${round.notOnce} not exactly once`,
  );
}
await rm(root, { recursive: true, force: true });
const bad = sum('differ') + sum('notOnce');
console.log(
  `${counted()} kills on ${kind} in ${rounds.length} rounds of ${planName}: ${bad === 0 ? 'nothing lost, nothing twice, all bits equal' : `${bad} wrong`}`,
);
process.exit(bad === 0 ? 0 : 1);
