// From labels as data sets write them (numbers, words) to class names and indices, with the names that lie beside the data:
// `classnames.txt`, `id2label` in a JSON file, the features of a Hugging Face data set.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, messageOf } from '../../base/errors.ts';
import type { Listing, Picture, Place } from '../dataset.ts';

/** Far above the largest label set (ImageNet-21k), and no burden to read. */
const maxNameFileBytes = 16 * 2 ** 20;

async function textBeside(folder: string, file: string): Promise<string | undefined> {
  const path = join(folder, file);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
    throw new DataError(`${path}: can't be read: ${messageOf(cause)}`, { cause });
  });
  if (bytes !== undefined && bytes.length > maxNameFileBytes)
    throw new DataError(`${path}: is ${bytes.length} bytes long; at most ${maxNameFileBytes} are read for class names`);
  return bytes && new TextDecoder().decode(bytes).replace(/^\uFEFF/, '');
}

function requireDistinct(where: string, names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) throw new DataError(`${where}: names class ${twice} twice; a class needs a name of its own`);
  return names;
}

/** One name a line; a line may begin with a WordNet id, as lists of ImageNet's classes do. */
export interface NameLine {
  readonly id: string | undefined;
  readonly name: string;
}

export async function nameLines(folder: string): Promise<readonly NameLine[] | undefined> {
  const text = await textBeside(folder, 'classnames.txt');
  const lines = text?.split(/\r?\n/).map((line) => line.trim());
  return lines
    ?.filter((line) => line !== '')
    .map((line) => {
      const [, id, name] = /^(n\d{8})\s+(.+)$/.exec(line) ?? [];
      return { id, name: name ?? line };
    });
}

/** `{ "0": "cat", "1": "dog" }`, in a file of its own or as `id2label` of a model's config. */
export function namesOfIds(where: string, table: unknown): readonly string[] {
  const entries = Object.entries((table ?? {}) as Record<string, unknown>);
  const names = entries.map((_, i) => (table as Record<string, unknown>)[String(i)]);
  if (entries.length === 0 || !names.every((name): name is string => typeof name === 'string'))
    throw new DataError(`${where}: id2label must give a name for each of 0, 1, 2 ...`);
  return requireDistinct(where, names);
}

/** The class names in `features` of a Hugging Face data set: of column `label`, or of the only class label there is. */
export function namesOfFeatures(features: unknown, label?: string): readonly string[] | undefined {
  const table = (features ?? {}) as Record<string, { readonly _type?: string; readonly names?: unknown } | undefined>;
  const columns = Object.keys(table).filter((name) => table[name]?._type === 'ClassLabel');
  const names = table[label ?? (columns.includes('label') ? 'label' : columns[0]!)]?.names;
  return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
}

/** Class names in files beside the data; undefined where there are none. Throws DataError for a damaged file. */
export async function namesBeside(folder: string): Promise<readonly string[] | undefined> {
  const lines = await nameLines(folder);
  if (lines)
    return requireDistinct(
      join(folder, 'classnames.txt'),
      lines.map(({ name }) => name),
    );
  const pick: Readonly<
    Record<string, (where: string, json: Record<string, unknown>) => readonly string[] | undefined>
  > = {
    'id2label.json': (where, json) => namesOfIds(where, json.id2label ?? json),
    'config.json': (where, json) => (json.id2label ? namesOfIds(where, json.id2label) : undefined),
    'dataset_info.json': (_, json) => namesOfFeatures(json.features),
  };
  for (const [file, namesIn] of Object.entries(pick)) {
    const text = await textBeside(folder, file);
    if (text === undefined) continue;
    const where = join(folder, file);
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (cause) {
      throw new DataError(`${where}: is not JSON: ${messageOf(cause)}`, { cause });
    }
    const names = namesIn(where, json as Record<string, unknown>);
    if (names) return names;
  }
  return undefined;
}

/** A picture of a list or table: its label as written, and how it becomes a picture once that has an index. */
export interface Labelled {
  readonly part: string;
  readonly label: string;
  readonly picture: (label: number) => Picture;
}

const isNumber = (label: string) => /^-?\d+$/.test(label);

/** Class names, and the index of every label that occurs. */
function classesOf(where: string, rows: readonly Labelled[], names: readonly string[] | undefined) {
  const partsByLabel = new Map<string, Set<string>>();
  for (const { label, part } of rows) {
    const parts = partsByLabel.get(label);
    if (parts) parts.add(part);
    else partsByLabel.set(label, new Set([part]));
  }
  const labels = [...partsByLabel.keys()];
  const negative = labels.find((label) => isNumber(label) && Number(label) < 0);
  if (names) {
    const index = (label: string): number => {
      const named = names.indexOf(label);
      if (named >= 0) return named;
      if (!isNumber(label))
        throw new DataError(`data ${where}: label ${label} is none of the ${names.length} class names`);
      if (Number(label) >= names.length || Number(label) < 0)
        throw new DataError(
          `data ${where}: label ${label} is out of range; there are ${names.length} class names, so labels go from 0 to ${names.length - 1}`,
        );
      return Number(label);
    };
    return { classes: names, index: new Map(labels.map((label) => [label, index(label)])) };
  }
  if (labels.every(isNumber)) {
    if (negative !== undefined)
      throw new DataError(`data ${where}: label ${negative} is out of range; labels begin at 0`);
    labels.sort((a, b) => Number(a) - Number(b));
  } else {
    labels.sort();
    const isTrain = (part: string) => part.startsWith('train');
    const inTrain = [...partsByLabel.values()].some((parts) => [...parts].some(isTrain));
    const unseen = labels.filter((label) => inTrain && ![...partsByLabel.get(label)!].some(isTrain));
    if (unseen.length > 0)
      throw new DataError(
        `data ${where}: ${[...partsByLabel.get(unseen[0]!)!].join(', ')} has classes that train doesn't have (+ extra)`,
        { lines: unseen.map((label) => `+ ${label}`) },
      );
  }
  return { classes: labels, index: new Map(labels.map((label, i) => [label, i])) };
}

/** Throws DataError where there is nothing to classify. */
export function requireClasses(where: string, classes: readonly string[]): void {
  if (classes.length === 1)
    throw new DataError(`data ${where}: holds the single class ${classes[0]}; classification needs at least two`);
}

/** Makes the listing of a list or table. Throws DataError for labels that fit no class, and names that come twice. */
export function listingOf(
  { path, name, root }: Place,
  rows: readonly Labelled[],
  names: readonly string[] | undefined,
  rule: string,
): Listing {
  if (rows.length === 0) throw new DataError(`data ${path}: lists no pictures`);
  const { classes, index } = classesOf(path, rows, names);
  requireClasses(path, classes);
  const parts = new Map<string, Picture[]>();
  const seen = new Map<string, Set<string>>();
  for (const { part, label, picture } of rows) {
    const made = picture(index.get(label)!);
    const known = seen.get(part) ?? new Set();
    if (known.has(made.name)) throw new DataError(`data ${path}: ${made.name} comes twice in ${part}; list it once`);
    seen.set(part, known.add(made.name));
    const held = parts.get(part);
    if (held) held.push(made);
    else parts.set(part, [made]);
  }
  return { name, root, classes, parts, rule };
}
