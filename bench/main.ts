// npm run bench: speed and memory, ours and torch's side by side, with the goal of each row and whether it holds; or
// with --profile the time by operator, with --growth curves.
//
//   npm run bench -- [--quick | --only NAME... | --profile | --growth] [--rounds N] [--threads N] [--clock wall|cpu]
//                    [--size tiny|small|base] [--write docs/performance.md]
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { Command, Option } from 'commander';
import { messageOf } from '../src/base/errors.ts';
import { duration, table } from '../src/cli/output.ts';
import { growth, growthHeader, growthRows } from './growth.ts';
import { type Bench, type Clock, openBench } from './lib/bench.ts';
import { curves } from './lib/curves.ts';
import { describeMachine, load, type Machine, machineText } from './lib/machine.ts';
import { markdownTable, replaceSection } from './lib/markdown.ts';
import { fp32Methods } from './lib/methods.ts';
import { cells, header, type Result, withMean, writeResults } from './lib/results.ts';
import { findTorch } from './lib/torch.ts';
import { goalModel, type Model, modelSizes } from './lib/work.ts';
import { profileHeader, profileRows, profiles } from './profiles.ts';
import { rows } from './rows/index.ts';

interface Flags {
  readonly quick?: boolean;
  readonly only?: readonly string[];
  readonly profile?: boolean;
  readonly growth?: boolean;
  readonly rounds?: number;
  readonly threads: number;
  readonly clock: Clock;
  readonly size: Model['size'];
  readonly write?: string;
}

const names = rows.map(({ name }) => name);
const flags = new Command()
  .option('--quick', 'LoRA, int8, linear and memory, three rounds')
  .addOption(new Option('--only <name...>', 'these rows only').choices(names))
  .option('--profile', 'time by operator instead')
  .option('--growth', 'time and memory against micro-batch, tokens, depth and trials instead')
  .option('--rounds <n>', 'times that each side is measured (default: 5; with --quick 3)', Number)
  .option('--threads <n>', 'of both sides', Number, availableParallelism())
  .addOption(
    new Option('--clock <name>', 'wall, or processor time where others use the machine')
      .choices(['wall', 'cpu'])
      .default('wall'),
  )
  .addOption(
    new Option('--size <name>', 'another ViT than the goals are for, to try the bench')
      .choices([...modelSizes])
      .default(goalModel.size),
  )
  .option('--write <file.md>', 'Markdown file with places for the tables; figures go beside it as JSON')
  .parse()
  .opts<Flags>();

const quick = flags.quick ?? false;
const python = findTorch();
const machine = describeMachine(python);

async function compareRows(bench: Bench, tellOf: (row: string) => void): Promise<void> {
  const chosen = rows.filter((row) => (flags.only ? flags.only.includes(row.name) : row.quick || !quick));
  if (!python) console.log('no peer: VITUNE_PYTHON or python3 has no torch; only ours are measured\n');
  const conditions = { clock: flags.clock, threads: flags.threads, rounds: bench.rounds };
  const results: Result[] = [];
  for (const { name, measure } of chosen) {
    tellOf(name);
    const lines = await measure(bench).catch((cause: unknown) => {
      console.error(`${name}: failed: ${messageOf(cause)}`);
      process.exitCode = 1;
      return [];
    });
    for (const line of lines) {
      results.push({ ...line, row: name, ...conditions, load: load(), measured: new Date().toISOString() });
      console.error(`${name}: ${cells(line).filter(Boolean).join('  ')}`);
    }
    // Row by row, so that a run that is stopped keeps what it has.
    if (flags.write) await writeResults(flags.write, { machine, results }, names, fp32Methods.length);
  }
  console.log(`\n${table(header, withMean(results, fp32Methods.length).map(cells), [1, 2, 3])}`);
}

async function printProfiles(bench: Bench): Promise<void> {
  const sections: string[] = [];
  for (const { work, batch, profile } of await profiles(bench)) {
    const title = `${work}, ${batch} pictures at once`;
    console.log(`${title}\n\n${table(profileHeader, profileRows(profile), [1, 2, 3])}\n`);
    sections.push(`**${title}**\n\n${markdownTable(profileHeader, profileRows(profile))}`);
  }
  if (flags.write) await replaceSection(flags.write, 'profile', written(machine, sections.join('\n\n')));
}

async function printGrowth(bench: Bench): Promise<void> {
  const points = await growth(bench);
  console.log(table(growthHeader, growthRows(points), [1, 2, 3]));
  if (!flags.write) return;
  await writeFile(join(dirname(flags.write), 'images', 'growth.svg'), curves(points));
  const figure = '![time a picture and peak memory against micro-batch, tokens, depth and trials](images/growth.svg)';
  const text = `${figure}\n\n${markdownTable(growthHeader, growthRows(points))}`;
  await replaceSection(flags.write, 'growth', written(machine, text));
}

const clockText = { wall: 'wall-clock time', cpu: 'processor time' } as const;
const written = (of: Machine, text: string) =>
  `${machineText(of)}; ${flags.threads} threads, ${clockText[flags.clock]}, load ${load().toFixed(1)}.\n\n${text}`;

console.log(`${machineText(machine)}; ${clockText[flags.clock]}, ${flags.threads} threads\n`);
if (flags.write && flags.size !== goalModel.size) throw new Error('--write: the goals are for --size base');
const begun = performance.now();
let row = '';
const bench = await openBench({
  python,
  rounds: flags.rounds ?? (quick ? 3 : 5),
  quick,
  threads: flags.threads,
  clock: flags.clock,
  model: { ...goalModel, size: flags.size },
  tell: (text) => console.error(row ? `${row}: ${text}` : text),
});
try {
  if (flags.profile) await printProfiles(bench);
  else if (flags.growth) await printGrowth(bench);
  else
    await compareRows(bench, (name) => {
      row = name;
    });
} finally {
  await bench.close();
}
console.log(`\n${duration((performance.now() - begun) / 1000)}`);
