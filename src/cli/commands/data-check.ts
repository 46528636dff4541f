// vitune data check: the data doctor.
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { DataError, messageOf } from '../../base/errors.ts';
import { checkData, type DataReport } from '../../data/doctor/check.ts';
import { contactSheet } from '../../data/doctor/contact-sheet.ts';
import { openListing } from '../../data/sources/index.ts';
import { printJson, table } from '../output.ts';

interface Flags {
  readonly source?: string;
  readonly sheet?: string;
  readonly json?: boolean;
}

export function dataCheck(): Command {
  return new Command('check')
    .description('look for unreadable, tiny, duplicate and leaking pictures, and unbalanced classes')
    .argument('<data>', 'anything that train takes')
    .option('--source <name>', 'how the data is laid out (left out = recognised)')
    .option('--sheet <file>', 'write a contact sheet, one HTML file')
    .option('--json', 'print the report as one JSON object')
    .action(async (path: string, { source, sheet, json }: Flags) => {
      const listing = await openListing(path, { source });
      const report = await checkData(listing);
      if (sheet !== undefined)
        await writeFile(sheet, await contactSheet(listing, report)).catch((cause: unknown) => {
          throw new DataError(`${sheet}: can't be written: ${messageOf(cause)}`, { cause });
        });
      if (json) return printJson(report);
      print(report);
    });
}

/** Examples of a finding that are printed; --json has all. */
const shown = 5;

function print(report: DataReport): void {
  const { sizes } = report;
  console.log(
    table(
      ['class', 'pictures'],
      Object.entries(report.classes).map(([name, n]) => [name, String(n)]),
      [1],
    ),
  );
  console.log(`\n${report.pictures} pictures (${report.layout})`);
  for (const [split, n] of Object.entries(report.splits)) console.log(`  ${split.padEnd(16)} ${n}`);
  if (sizes) console.log(`sides              ${sizes.shortest} to ${sizes.longest} pixels, median ${sizes.median}`);
  console.log(`imbalance          largest class is ${report.imbalance.toFixed(1)} times the smallest`);
  const finding = (title: string, items: readonly string[]) => {
    console.log(`${title.padEnd(18)} ${items.length}`);
    for (const item of items.slice(0, shown)) console.log(`  ${item}`);
    if (items.length > shown) console.log(`  and ${items.length - shown} more`);
  };
  const groups = (found: readonly (readonly string[])[]) => found.map((group) => group.join('  '));
  finding(
    'unreadable',
    report.unreadable.map((name) => report.reasons[name]!),
  );
  finding('duplicates', groups(report.duplicates));
  finding('across splits', groups(report.leaks));
  finding('different labels', groups(report.conflicts));
  finding('tiny', report.tiny);
  finding('odd sizes', report.odd);
}
