// What a study of 20,000 trials costs to plan, to start and to look at: each by the command line, in a process of its own, as
// a user meets it. CPU seconds (user + system) stand beside the clock's, which says little on a machine that is busy.
//   npm run build && npx tsx bench/large-study.ts [trials]
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { studyEnvironment } from '../src/studies/environment.ts';
import { openPlan } from '../src/study/check.ts';
import { openDatabase } from '../src/study/open.ts';
import { firstTrials, studyId } from '../src/study/protocol.ts';
import { openStore } from '../src/study/store.ts';
import { cliPath } from '../test/support/cli.ts';
import { killOwner } from '../test/support/killed-owner.ts';

const trials = Number(process.argv[2] ?? 20_000);
const folder = await mkdtemp(join(tmpdir(), 'vitune-large-'));
const db = join(folder, 'db');
const plan = join(folder, 'plan.yaml');

/** Linux's /proc counts a child's time in hundredths of a second, its ended children's included. */
const ticks = 100;
const childSeconds = (): number => {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticks;
};

async function measure(what: string, ...args: string[]): Promise<void> {
  const [begun, cpu] = [performance.now(), childSeconds()];
  const child = spawn(process.execPath, [cliPath, 'study', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  if (code !== 0) throw new Error(`study ${args.join(' ')} ended with ${code}`);
  const clock = (performance.now() - begun) / 1000;
  console.log(`${what}: ${(childSeconds() - cpu).toFixed(2)} s of CPU, ${clock.toFixed(2)} s by the clock`);
}

const list = (n: number) => `[${Array.from({ length: n }, (_, i) => i + 1)}]`;
await writeFile(
  plan,
  `name: large
data: [shapes/count:40, emoji:40]
methods: { name: lora, options: { rank: ${list(trials / 200)}, alpha: ${list(100)} } }
training: { epochs: 1 }
`,
);
await measure('plan, pictures not looked at before', 'plan', plan);
await measure('plan', 'plan', plan);
const study = await openPlan(readFileSync(plan, 'utf8'), plan, folder, studyEnvironment());
const store = openStore(await openDatabase(db, 'study'));
const cells = study.cells.map(({ model, data, method }) => ({ model, data, method }));
const [begun, cpu] = [performance.now(), process.cpuUsage()];
await store.addStudy({ id: studyId(study), name: study.plan.name, plan: study.plan, cells }, firstTrials(study));
const { user, system } = process.cpuUsage(cpu);
console.log(
  `store and queue ${trials} trials: ${((user + system) / 1e6).toFixed(2)} s of CPU, ${((performance.now() - begun) / 1000).toFixed(2)} s by the clock`,
);
await measure('status, while a study has the store', 'status', '--db', db);
await store.close();
await measure('status, of a store that nobody has open', 'status', '--db', db);
await killOwner(db, `addWorker('w')`);
await measure('status, of a store whose owner was killed', 'status', '--db', db);
await rm(folder, { recursive: true, force: true });
