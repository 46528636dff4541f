// vitune study export and import: a study as a folder; results of others to compare with.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command } from 'commander';
import { messageOf, OptionError } from '../../base/errors.ts';
import { importReferences, parseReferences } from '../../study/references.ts';
import { exportStudy } from './export-folder.ts';
import { chosenStudies, dbOption, studyOption, withStore } from './options.ts';

export function exportVerb(): Command {
  return new Command('export')
    .description('write studies with all their results and files into a folder that needs nothing else')
    .argument('<folder>', 'where to write')
    .addOption(dbOption())
    .addOption(studyOption())
    .action((folder: string, flags: { readonly db: string; readonly study?: string }) =>
      withStore(flags.db, 'reader', async (store) => {
        for (const study of await chosenStudies(store, flags.db, flags.study))
          console.log(`${study.name}: ${await exportStudy(store, study, folder)} trials in ${folder}`);
      }),
    );
}

export function importVerb(): Command {
  return new Command('import')
    .description("keep others' results in the store, to compare with (a JSON list as the published study's)")
    .argument('<file>', 'JSON file of results')
    .addOption(dbOption())
    .option('--source <name>', "what to call them (default: the file's name)")
    .action(async (file: string, flags: { readonly db: string; readonly source?: string }) => {
      const text = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw new OptionError(`import ${file}: can't be read: ${messageOf(cause)}`, { cause });
      });
      const records = parseReferences(file, text);
      const source = flags.source ?? basename(file).replace(/\.json$/, '');
      await withStore(flags.db, 'study', (store) => importReferences(store, source, records));
      console.log(`${records.length} results of ${source} kept in ${flags.db}`);
    });
}
