// npm run bench: every row of issue-sized goals for speed and memory, ours and torch's side by side.
//
//   npm run bench -- [--quick] [--only NAME...] [--rounds N] [--threads N] [--clock wall|cpu] [--write docs/performance.md]
import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { duration, table } from '../src/cli/output.ts';
import { type Clock, openBench } from './lib/bench.ts';
import { describeMachine, load, machineText } from './lib/machine.ts';
import { fp32Methods } from './lib/methods.ts';
import { cells, header, type Result, withMean, writeResults } from './lib/results.ts';
import { findTorch } from './lib/torch.ts';
import { rows } from './rows/index.ts';

interface Flags {
  readonly quick?: boolean;
  readonly only?: readonly string[];
  readonly rounds?: number;
  readonly threads: number;
  readonly clock: Clock;
  readonly write?: string;
}

const names = rows.map(({ name }) => name);
const flags = new Command()
  .option('--quick', 'LoRA, int8, linear and memory, three rounds')
  .addOption(new Option('--only <name...>', 'these rows only').choices(names))
  .option('--rounds <n>', 'times that each side is measured (default: 5; with --quick 3)', Number)
  .option('--threads <n>', 'of both sides', Number, availableParallelism())
  .addOption(
    new Option('--clock <name>', 'wall, or processor time on a machine that others use')
      .choices(['wall', 'cpu'])
      .default('wall'),
  )
  .option('--write <file.md>', 'Markdown file with a place for the table; the figures go beside it as JSON')
  .parse()
  .opts<Flags>();

const quick = flags.quick ?? false;
const chosen = rows.filter(({ name, quick: isQuick }) => (flags.only ? flags.only.includes(name) : isQuick || !quick));
const python = findTorch();
const machine = describeMachine(python);
console.log(`${machineText(machine)}\n`);
if (!python) console.log('no peer: VITUNE_PYTHON or python3 has no torch; only ours are measured\n');

const begun = performance.now();
const rounds = flags.rounds ?? (quick ? 3 : 5);
let row = '';
const bench = await openBench({
  ...{ python, rounds, quick, threads: flags.threads, clock: flags.clock },
  tell: (text) => console.error(`${row}: ${text}`),
});
const results: Result[] = [];
try {
  for (const { name, measure } of chosen) {
    row = name;
    const conditions = { clock: flags.clock, threads: flags.threads, rounds };
    for (const line of await measure(bench)) {
      results.push({ ...line, row: name, ...conditions, load: load(), measured: new Date().toISOString() });
      console.error(`${name}: ${cells(line).filter(Boolean).join('  ')}`);
    }
  }
} finally {
  await bench.close();
}
console.log(`\n${table(header, withMean(results, fp32Methods.length).map(cells), [1, 2, 3])}`);
console.log(
  `\n${duration((performance.now() - begun) / 1000)}; ${flags.clock === 'cpu' ? 'processor time' : 'wall-clock time'}`,
);
if (flags.write) await writeResults(flags.write, { machine, results }, names, fp32Methods.length);
