// vitune report: a study as one HTML file that needs nothing else, or its tables as LaTeX, JSON or CSV.
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { loadPublishedStudy } from '../../analysis/published/load.ts';
import { publishedResults } from '../../analysis/published/study.ts';
import { toCsvRows, toObjects } from '../../analysis/table.ts';
import { DataError, messageOf, OptionError, RunError } from '../../base/errors.ts';
import { encodeCsv } from '../../formats/csv.ts';
import type { FigureFile } from '../../report/markup.ts';
import { renderReport, reportFigures, reportLatex } from '../../report/report.ts';
import { type NamedTable, studyTables } from '../../report/tables.ts';
import { chosenStudies, withStore } from '../../studies/store.ts';
import { reportRecords } from '../../study/report-records.ts';
import { vituneVersion } from '../../train/environment.ts';
import { galleryOf } from '../../web/server/gallery.ts';
import { printJson } from '../output.ts';
import { dbOption } from '../study/options.ts';

interface Flags {
  readonly db: string;
  readonly out?: string;
  readonly latex?: boolean;
  readonly json?: boolean;
  readonly csv?: string;
  readonly figures?: string;
  readonly pictures: boolean;
}

export function report(): Command {
  return new Command('report')
    .description("write a study's report: one HTML file with all analyses")
    .argument('<study>', 'name or id of a study in the store')
    .addOption(dbOption())
    .option('--out <file>', 'where to write (default: STUDY-report.html)')
    .option('--no-pictures', "leave out the gallery, e.g. where the data isn't here")
    .addOption(new Option('--latex', 'print the tables in LaTeX instead').conflicts(['json', 'csv', 'out']))
    .addOption(new Option('--json', 'print every table as JSON instead').conflicts(['latex', 'csv', 'out']))
    .addOption(
      new Option('--csv <folder>', 'write every table as a CSV file into a folder instead').conflicts([
        'latex',
        'json',
        'out',
      ]),
    )
    .addOption(
      new Option('--figures <folder>', 'write every figure as an SVG file into a folder instead').conflicts([
        'latex',
        'json',
        'csv',
        'out',
      ]),
    )
    .action((wanted: string, flags: Flags) =>
      withStore(flags.db, 'reader', async (store) => {
        const [study, other] = await chosenStudies(store, flags.db, wanted);
        if (other)
          throw new OptionError(`report: ${wanted} names several studies; give an id: ${study!.id}, ${other.id}`);
        const records = await reportRecords(store, study!, {
          published: publishedResults(loadPublishedStudy(), 'vtab'),
          environment: { vitune: vituneVersion, Node: process.version, CPU: cpus()[0]?.model ?? 'unknown' },
          ...(flags.pictures &&
            !flags.latex &&
            !flags.json &&
            flags.csv === undefined &&
            flags.figures === undefined && {
              gallery: async (all) => galleryOrNone(() => galleryOf(store, study!, all)),
            }),
        });
        if (records.results.length === 0)
          throw new RunError(`report ${study!.name}: no final run is done yet; see vitune study status`);
        if (flags.latex) return console.log(reportLatex(records));
        if (flags.json)
          return printJson(Object.fromEntries(studyTables(records).map(({ name, table }) => [name, toObjects(table)])));
        if (flags.csv !== undefined) return writeCsv(flags.csv, studyTables(records));
        if (flags.figures !== undefined) return writeFigures(flags.figures, reportFigures(records));
        const file = flags.out ?? `${study!.name}-report.html`;
        const html = renderReport(records);
        await writeFile(file, html).catch((cause: unknown) => {
          throw new RunError(`report: ${file} can't be written: ${messageOf(cause)}`, { cause });
        });
        console.log(`${file}: ${Math.round(html.length / 1000)} kB`);
      }),
    );
}

/** Files by name into a folder. Rejects with RunError. */
async function writeInto(folder: string, files: readonly (readonly [name: string, text: string])[]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, text] of files) await writeFile(join(folder, name), text);
  } catch (cause) {
    throw new RunError(`report: ${folder} can't be written: ${messageOf(cause)}`, { cause });
  }
}

async function writeCsv(folder: string, tables: readonly NamedTable[]): Promise<void> {
  await writeInto(
    folder,
    tables.map(({ name, table }) => [`${name}.csv`, encodeCsv(toCsvRows(table))]),
  );
  console.log(`${folder}: ${tables.length} tables`);
}

async function writeFigures(folder: string, figures: readonly FigureFile[]): Promise<void> {
  await writeInto(
    folder,
    figures.map(({ id, svg }) => [`${id}.svg`, svg]),
  );
  console.log(`${folder}: ${figures.length} figures`);
}

/** A report is worth having without its pictures. */
async function galleryOrNone<T>(make: () => Promise<T[]>): Promise<T[]> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    console.error(`report: without pictures: ${error.message}`);
    return [];
  }
}
