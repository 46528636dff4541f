// vitune study export and import: a study as a folder; results of others to compare with.
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { messageOf, OptionError } from '../../base/errors.ts';
import { importReferences, parseReferences, type Reference } from '../../study/references.ts';
import { exportStudy } from './export-folder.ts';
import { layoutReferences } from './import-layout.ts';
import { publishedName, publishedReferences } from './import-published.ts';
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

/** Reads results of others. Throws OptionError. */
async function referencesFrom(what: string): Promise<Reference[]> {
  const found = await stat(what).catch((cause: unknown) => {
    if (what === publishedName) return undefined;
    throw new OptionError(`import ${what}: can't be read: ${messageOf(cause)}`, { cause });
  });
  if (found === undefined) return publishedReferences();
  return found.isDirectory() ? layoutReferences(what) : parseReferences(what, await readFile(what, 'utf8'));
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
      const records = await referencesFrom(what);
      const source = flags.source ?? basename(resolve(what)).replace(/\.json$/, '');
      await withStore(flags.db, 'study', (store) => importReferences(store, source, records));
      console.log(`${records.length} results of ${source} kept in ${flags.db}`);
    });
}
