// The registry of sources: one line each, the first that recognises a place reads it.
import { existsSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { DataError, OptionError } from '../../base/errors.ts';
import { unknownName } from '../../base/suggest.ts';
import { builtinNamed, listBuiltin } from '../builtin/index.ts';
import { corruptionsNamed, withCorruptions } from '../corruptions/corrupted.ts';
import { type Listing, type Place, type Source, type Warn, warnOnProcess } from '../dataset.ts';
import { cifarBinary } from './cifar-binary.ts';
import { cifarPython } from './cifar-python.ts';
import { domainFolders } from './domain-folders.ts';
import { idx } from './idx.ts';
import { imageFolder } from './image-folder.ts';
import { joined } from './joined.ts';
import { metadata } from './metadata.ts';
import { parquet } from './parquet.ts';
import { textList } from './text-list.ts';
import { webdataset } from './webdataset.ts';

export const sources: readonly Source[] = [
  idx,
  cifarBinary,
  cifarPython,
  parquet,
  metadata,
  textList,
  webdataset,
  joined((path, source, warn) => openListing(path, { source, onWarning: warn })),
  imageFolder, // takes any folder
  domainFolders, // only when it is named or preferred
];

export const sourceNames: readonly string[] = ['auto', ...sources.map(({ name }) => name)];

export interface ListOptions {
  /** A source's name; left out or `auto` = recognised. */
  readonly source?: string | undefined;
  /** A source to try first where none is named. */
  readonly prefer?: string | undefined;
  /** Told what was left out of the data on purpose. Left out = a process warning. */
  readonly onWarning?: Warn | undefined;
}

async function placeAt(path: string, warn: Warn): Promise<Place> {
  const given = resolve(path);
  const root = await realpath(given).catch((cause: unknown) => {
    throw new DataError(`data ${path}: no such folder or file`, { cause });
  });
  return { path, name: basename(given), root, isFolder: (await stat(root)).isDirectory(), warn };
}

/** Lists the data at `path`, or of a built-in name or `corruptions:DATA` where no such path exists. Throws DataError, and OptionError for an unknown source. */
export async function openListing(path: string, options: ListOptions = {}): Promise<Listing> {
  const { source = 'auto', prefer, onWarning = warnOnProcess } = options;
  if (!sourceNames.includes(source)) throw new OptionError(`data: ${unknownName('source', source, sourceNames)}`);
  const corrupted = existsSync(path) ? undefined : corruptionsNamed(path);
  if (corrupted) return withCorruptions(await openListing(corrupted.data, options), corrupted.severities);
  const builtin = existsSync(path) ? undefined : builtinNamed(path);
  if (builtin) return listBuiltin(builtin);
  const place = await placeAt(path, onWarning);
  if (source !== 'auto') return sources.find(({ name }) => name === source)!.list(place);
  const first = sources.filter(({ name }) => name === prefer);
  for (const candidate of [...first, ...sources]) if (await candidate.recognises(place)) return candidate.list(place);
  throw new DataError(
    `data ${path}: is a file of a kind that isn't known; give a folder of class folders, or one of ${sourceNames.slice(1).join(', ')} with --source`,
  );
}
