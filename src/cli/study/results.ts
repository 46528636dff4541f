// vitune study results: the final results as a table, CSV, LaTeX or JSON, imported ones beside them.
import { Command } from 'commander';
import { chosenStudies, withStore } from '../../studies/store.ts';
import { resultsOf } from '../../study/look.ts';
import { matching, references } from '../../study/references.ts';
import { type Summary, summarize } from '../../study/results.ts';
import { printJson } from '../output.ts';
import { dbOption, type LookFlags, studyOption } from './options.ts';
import { resultsCsv, resultsLatex, resultsTable } from './tables.ts';

export function results(): Command {
  return new Command('results')
    .description('print the final results with confidence intervals')
    .addOption(dbOption())
    .addOption(studyOption())
    .option('--json', 'print an array of all final runs as JSON')
    .option('--csv', 'print all final runs as CSV')
    .option('--latex', 'print a LaTeX table: methods down, data across')
    .action((flags: LookFlags & { readonly json?: boolean; readonly csv?: boolean; readonly latex?: boolean }) =>
      withStore(flags.db, 'reader', async (store) => {
        const all = await resultsOf(store, await chosenStudies(store, flags.db, flags.study));
        if (flags.json) return printJson(all);
        if (flags.csv) return void process.stdout.write(resultsCsv(all));
        if (flags.latex) return console.log(resultsLatex(summarize(all)));
        const imported = await references(store);
        const published = (summary: Summary) => {
          const found = matching(imported, summary);
          // Several protocols may have the same method and data.
          return found
            .map(({ test_top1: top1, protocol }) => `${top1.toFixed(1)}${found.length > 1 ? ` (${protocol})` : ''}`)
            .join(', ');
        };
        console.log(resultsTable(summarize(all), imported.length > 0 ? published : undefined));
      }),
    );
}
