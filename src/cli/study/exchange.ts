// vitune study export and import: a study as a folder; results of others to compare with.
import { Command } from 'commander';
import { exportStudies, importResults } from '../../studies/exchange.ts';
import { publishedName } from '../../studies/import-published.ts';
import { dbOption, type LookFlags, studyOption } from './options.ts';

export function exportVerb(): Command {
  return new Command('export')
    .description('write studies with all their results and files into a folder that needs nothing else')
    .argument('<folder>', 'where to write')
    .addOption(dbOption())
    .addOption(studyOption())
    .action(async (folder: string, flags: LookFlags) => {
      for (const { study, trials } of await exportStudies(folder, flags))
        console.log(`${study}: ${trials} trials in ${folder}`);
    });
}

export function importVerb(): Command {
  return new Command('import')
    .description("keep others' results in the store, to compare with")
    .argument(
      '<what>',
      `a folder in the layout of the published study's code, a JSON list of results, or "${publishedName}": the published study's own`,
    )
    .addOption(dbOption())
    .option('--source <name>', 'what to call them (default: the name of the file or folder)')
    .action(async (what: string, flags: { readonly db: string; readonly source?: string }) => {
      const { source, results } = await importResults(what, flags);
      console.log(`${results} results of ${source} kept in ${flags.db}`);
    });
}
