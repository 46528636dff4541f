// vitune data show: what a set asks, what it holds, and a look at it.
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { DataError, messageOf, OptionError } from '../../base/errors.ts';
import { builtinNamed, factsOf, suites } from '../../data/builtin/index.ts';
import { contactSheet } from '../../data/contact-sheet.ts';
import type { Picture } from '../../data/dataset.ts';
import { locateData } from '../../data/locate.ts';
import { openListing } from '../../data/sources/index.ts';
import { count, printJson, table } from '../output.ts';

/** Pictures of a sheet: classes take turns, each with pictures from all over the split. */
function samples(pictures: readonly Picture[], classes: number, each: number): Picture[] {
  const groups = Array.from({ length: classes }, (_, label) => pictures.filter((picture) => picture.label === label));
  return groups.flatMap((group) =>
    Array.from({ length: Math.min(each, group.length) }, (_, k) => group[Math.floor((k * group.length) / each)]!),
  );
}

const sheet = { columns: 8, side: 96 };

export function dataShow(): Command {
  return new Command('show')
    .description('show one set: definition, classes, pictures')
    .argument('<data>', 'built-in set or suite, or anything else that train takes')
    .option('--source <name>', 'how the data is laid out (left out = recognised)')
    .option('--out <file.png>', 'write a sheet of training pictures, one row a class')
    .option('--json', 'print as JSON')
    .action(async (data: string, flags: { source?: string; out?: string; json?: boolean }) => {
      const suite = suites.find(({ name }) => name === data);
      if (suite) {
        if (flags.out) throw new OptionError(`data show: ${data} is a suite; write the sheet of one of its sets`);
        if (flags.json) return printJson({ ...suite, sets: suite.sets.map(factsOf) });
        console.log(`${suite.summary}\n`);
        return console.log(
          table(
            ['set', 'group', 'what is asked'],
            suite.sets.map(({ name, group, summary }) => [name, group, summary]),
          ),
        );
      }
      const listing = await openListing(locateData(data), { source: flags.source });
      const set = builtinNamed(data)?.set;
      const { classes, parts, rule } = listing;
      const counts = Object.fromEntries([...parts].map(([part, pictures]) => [part, pictures.length]));
      if (flags.json) printJson({ ...(set && factsOf(set)), name: data, classes, parts: counts, rule });
      else {
        console.log(`${set?.definition ?? listing.root}\n`);
        const rows = Object.entries(counts).map(([part, n]) => [part, count(n)]);
        console.log(table(['part', 'pictures'], rows, [1]));
        console.log(`\n${classes.length} classes: ${classes.join(', ')}`);
      }
      if (!flags.out) return;
      const [first] = parts.values();
      const pictures = samples(parts.get('train') ?? first!, classes.length, sheet.columns);
      await writeFile(flags.out, await contactSheet(pictures, sheet)).catch((cause: unknown) => {
        throw new DataError(`${flags.out}: can't be written: ${messageOf(cause)}`, { cause });
      });
      if (!flags.json) console.log(`wrote ${flags.out}: one row a class`);
    });
}
