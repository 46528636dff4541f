// vitune data check: the data doctor.
import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { DataError, messageOf, OptionError } from '../../base/errors.ts';
import { checkData, type DataReport } from '../../data/doctor/check.ts';
import { contactSheet } from '../../data/doctor/contact-sheet.ts';
import type { LabelReport } from '../../data/doctor/suspect-labels.ts';
import { locateData } from '../../data/locate.ts';
import { openListing } from '../../data/sources/index.ts';
import { type Device, devices } from '../../runtime/session.ts';
import { checkLabels } from '../../train/label-check.ts';
import { percent, printJson, table } from '../output.ts';

interface Flags {
  readonly source?: string;
  readonly model?: string;
  readonly imageSize?: number;
  readonly device?: Device;
  readonly threads?: number;
  readonly sheet?: string;
  readonly json?: boolean;
}

export function dataCheck(): Command {
  return new Command('check')
    .description('look for unreadable, tiny, duplicate and leaking pictures, and unbalanced classes')
    .argument('<data>', 'anything that train takes')
    .option('--source <name>', 'how the data is laid out (left out = recognised)')
    .option('--model <name|path>', "look for labels that this model's features speak against (vitune-tiny is built in)")
    .option('--image-size <n>', "side of the model's input in pixels (left out = the checkpoint's)", Number)
    .addOption(new Option('--device <name>', 'where the model runs').choices([...devices]).default('cpu'))
    .option('--threads <n>', 'threads of the model (left out = all cores)', Number)
    .option('--sheet <file>', 'write a contact sheet: what was found, as pictures, in one HTML file')
    .option('--json', 'print the report as one JSON object')
    .action(async (path: string, { source, sheet, json, ...use }: Flags) => {
      if (use.model === undefined && use.imageSize !== undefined)
        throw new OptionError('data check: --image-size belongs to --model; name a model, e.g. --model vitune-tiny');
      const listing = await openListing(locateData(path), { source });
      const found = await checkData(listing);
      const report = use.model === undefined ? found : { ...found, ...(await checkLabels(listing, found, use)) };
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
const labelsShown = 20;

function print(report: DataReport & Partial<LabelReport>): void {
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
  const { suspicious, agreement, unjudged = [] } = report;
  if (suspicious === undefined || agreement === undefined) return;
  console.log(
    `suspicious labels  ${suspicious.length}; the model's features alone give ${percent(agreement)} of the labels`,
  );
  if (unjudged.length > 0) console.log(`  not judged, too few pictures: ${unjudged.join(', ')}`);
  if (suspicious.length === 0) return;
  const rows = suspicious
    .slice(0, labelsShown)
    .map(({ name, label, suggested, confidence }) => [name, label, suggested, percent(confidence)]);
  console.log(table(['picture', 'label', 'looks like', 'wrong with'], rows, [3]));
  if (suspicious.length > labelsShown) console.log(`  and ${suspicious.length - labelsShown} more`);
}
