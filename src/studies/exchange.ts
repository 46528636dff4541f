// Studies out of a store, as folders that need nothing else; results of others into it, to compare with.
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { messageOf, OptionError } from '../base/errors.ts';
import { isServerUrl } from '../study/db/url.ts';
import { importReferences, parseReferences, type Reference } from '../study/references.ts';
import { exportStudy } from './export-folder.ts';
import { layoutReferences } from './import-layout.ts';
import { publishedName, publishedReferences } from './import-published.ts';
import type { LookOptions } from './look.ts';
import { chosenStudies, defaultDb, withStore } from './store.ts';

export interface ExportedStudy {
  readonly study: string;
  readonly trials: number;
}

/** Writes studies with all their results and files below `folder`. Throws RunError where there is no such store or study. */
export const exportStudies = (folder: string, { db = defaultDb, study }: LookOptions = {}): Promise<ExportedStudy[]> =>
  withStore(db, 'reader', async (store) => {
    const done: ExportedStudy[] = [];
    for (const row of await chosenStudies(store, db, study))
      done.push({ study: row.name, trials: await exportStudy(store, row, folder) });
    return done;
  });

async function referencesFrom(what: string): Promise<Reference[]> {
  const found = await stat(what).catch((cause: unknown) => {
    if (what === publishedName) return undefined;
    throw new OptionError(`import ${what}: can't be read: ${messageOf(cause)}`, { cause });
  });
  if (found === undefined) return publishedReferences();
  return found.isDirectory() ? layoutReferences(what) : parseReferences(what, await readFile(what, 'utf8'));
}

export interface ImportedResults {
  readonly source: string;
  readonly results: number;
}

/**
 * Keeps results of others under a source's name (by default that of the file or folder), in place of what was there. `what`
 * is a folder in the layout of the published study's code, a JSON list of results, or `published`. Throws OptionError for
 * what is none of these.
 */
export async function importResults(
  what: string,
  {
    db = defaultDb,
    source = basename(resolve(what)).replace(/\.json$/, ''),
  }: { readonly db?: string; readonly source?: string } = {},
): Promise<ImportedResults> {
  const records = await referencesFrom(what);
  // A store that is there may be in use: its owner lets others write. Only a study makes a folder.
  const role = isServerUrl(db) || existsSync(db) ? 'reader' : 'study';
  await withStore(db, role, (store) => importReferences(store, source, records));
  return { source, results: records.length };
}
