// What the two versions of CIFAR's archives share: a folder of batches beside a file with the class names, which becomes a
// listing of binary records.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../base/errors.ts';
import type { Place, Source } from '../dataset.ts';
import { type RecordFile, recordRows } from './cifar-records.ts';
import { type Labelled, listingOf } from './classes.ts';

export interface CifarArchive {
  /** Folder inside the archive. */
  readonly folder: string;
  /** The file with the class names. */
  readonly meta: string;
  readonly files: RegExp;
}

/** One version of the archives: CIFAR-10 and CIFAR-100 in it, and how their files are read. */
export interface CifarVersion<T extends CifarArchive> extends Pick<Source, 'name' | 'summary'> {
  readonly archives: readonly T[];
  /** What a folder without it lacks, for an error. */
  readonly lacks: string;
  /** Class names by index. Throws DataError. */
  readonly namesIn: (meta: string, archive: T) => Promise<readonly string[]>;
  /** A batch as binary records. Throws DataError. */
  readonly recordsIn: (path: string, archive: T) => Promise<Pick<RecordFile, 'path' | 'labels'>>;
}

async function find<T extends CifarArchive>({ root, isFolder }: Place, archives: readonly T[]) {
  if (!isFolder) return undefined;
  for (const archive of archives)
    for (const folder of [root, join(root, archive.folder)]) {
      // Files only: `train` and `test` are folders in other layouts.
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      const all = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
      const files = all.filter((file) => archive.files.test(file)).sort();
      if (files.length > 0 && all.includes(archive.meta)) return { folder, archive, files };
    }
  return undefined;
}

export function cifarSource<T extends CifarArchive>(version: CifarVersion<T>): Source {
  const { name, summary, archives, lacks, namesIn, recordsIn } = version;
  return {
    name,
    summary,
    recognises: async (place) => (await find(place, archives)) !== undefined,
    async list(place) {
      const found = await find(place, archives);
      if (found === undefined) throw new DataError(`data ${place.path}: holds no ${lacks}`);
      const { folder, archive, files } = found;
      const names = await namesIn(join(folder, archive.meta), archive);
      const rows: Labelled[] = [];
      for (const file of files) {
        const records = await recordsIn(join(folder, file), archive);
        for await (const row of recordRows(place.path, { ...records, file })) rows.push(row);
      }
      return listingOf(place, rows, names, 'cifar');
    },
  };
}
