// Text lists, `path label` a line: VTAB-1k's layout (train800.txt, val200.txt, train800val200.txt, test.txt), the study's lists
// (.txt and .list), or train.txt, val.txt and test.txt. Paths are relative to the list's folder and may hold spaces.
import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { DataError, messageOf } from '../../base/errors.ts';
import { type Listing, type Place, type Source, wholePart } from '../dataset.ts';
import { pictureIn } from '../stored.ts';
import { type Labelled, listingOf, namesBeside } from './classes.ts';
import { fileStore } from './files.ts';
import { type Line, linesOf } from './lines.ts';
import { nameBelow, requireFiles } from './listed-files.ts';
import { splitNamed } from './split-names.ts';

const isList = (file: string) => /\.(txt|list)$/i.test(file);

/** Lists beside each other that are parts of one set: VTAB-1k's, and those called as a split is. */
const partOf = (stem: string): string | undefined =>
  /^(train800|val200|train800val200)$/.test(stem) ? stem : splitNamed(stem);

async function listsIn({ root, isFolder }: Place): Promise<Map<string, string>> {
  if (!isFolder) return new Map(isList(root) ? [[wholePart, root]] : []);
  const lists = new Map<string, string>();
  for (const file of (await readdir(root)).sort()) {
    const part = isList(file) ? partOf(basename(file, extname(file))) : undefined;
    if (part !== undefined && !lists.has(part)) lists.set(part, join(root, file));
  }
  return lists;
}

/** Paths have at most 4096 bytes on Linux, labels far fewer. */
const maxLine = 8192;

/** `path label`: the label is what comes after the last space, tab or comma. */
function split(line: string): { readonly file: string; readonly label: string } | undefined {
  const text = line.trim();
  const at = Math.max(text.lastIndexOf(' '), text.lastIndexOf('\t'), text.lastIndexOf(','));
  return at < 0
    ? undefined
    : {
        file: text
          .slice(0, at)
          .replace(/[ \t,]$/, '')
          .trim(),
        label: text.slice(at + 1),
      };
}

async function* entriesOf(where: string, path: string): AsyncGenerator<Line> {
  try {
    yield* linesOf(path, maxLine);
  } catch (cause) {
    throw new DataError(`data ${where}: ${basename(path)}: ${messageOf(cause)}`, { cause });
  }
}

async function listLists(place: Place): Promise<Listing> {
  const { path, root, isFolder } = place;
  const folder = isFolder ? root : dirname(root);
  const lists = await listsIn(place);
  if (lists.size === 0)
    throw new DataError(
      `data ${path}: holds no lists; give train.txt and test.txt (or VTAB-1k's four) of \`path label\` lines`,
    );
  const store = fileStore(folder);
  const rows: Labelled[] = [];
  const files = new Set<string>();
  for (const [part, file] of lists)
    for await (const { text, number } of entriesOf(path, file)) {
      if (text.trim() === '') continue;
      const where = `${path}: ${basename(file)} line ${number}`;
      const { file: written, label = '' } = split(text) ?? {};
      if (!written) throw new DataError(`data ${where}: must be \`path label\`, got "${text.slice(0, 80)}"`);
      const name = nameBelow(folder, folder, written, where);
      files.add(name);
      rows.push({ part, label, picture: (index) => pictureIn(store, name, index) });
    }
  await requireFiles(path, folder, files);
  return listingOf({ ...place, root: folder }, rows, await namesBeside(folder), 'lists');
}

export const textList: Source = {
  name: 'text-list',
  summary: '`path label` lists: one .txt or .list file, train.txt/val.txt/test.txt, or the four of VTAB-1k',
  async recognises(place) {
    const lists = await listsIn(place);
    return place.isFolder ? lists.has('train') || lists.has('train800') || lists.has('train800val200') : lists.size > 0;
  },
  list: listLists,
};
