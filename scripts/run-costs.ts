// What one run of each kind costs in a study: the first of each cell and phase trained again, alone, in CPU seconds, which the
// load of the machine moves little. Written as the fixture that the test of the time left runs on.
//   npx tsx scripts/run-costs.ts --db FOLDER > test/fixtures/run-costs/study-mini.json
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { studyEnvironment } from '../src/cli/study/environment.ts';
import { openDatabase } from '../src/study/open.ts';
import { openStore } from '../src/study/store.ts';

const { values } = parseArgs({ options: { db: { type: 'string', default: 'runs/studies' } } });
const store = openStore(await openDatabase(values.db, 'reader'));
const [study] = await store.studies();
const rows = await store.trials(study!.id);
const environment = studyEnvironment();
const kinds = new Map(rows.map((row) => [`${row.cell} ${row.phase}`, row] as const).reverse());
const costs: object[] = [];
for (const { id, cell, phase } of [...kinds.values()].reverse()) {
  const spec = await store.spec(id);
  const root = await mkdtemp(join(tmpdir(), 'vitune-cost-'));
  const before = process.cpuUsage();
  await environment.run({
    id,
    spec,
    folder: join(root, 'run'),
    signal: new AbortController().signal,
    onEvent: () => {},
  });
  const { user, system } = process.cpuUsage(before);
  await rm(root, { recursive: true, force: true });
  const { data, method } = study!.cells[cell]!;
  const seconds = Number(((user + system) / 1e6).toFixed(2));
  costs.push({ data, method, phase, seconds });
  console.error(`${data} ${method} ${phase}: ${seconds} s`);
}
await store.close();
console.log(JSON.stringify(costs, null, 2));
