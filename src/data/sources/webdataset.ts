// WebDataset shards: tar archives in which files of one stem are one sample (`x.jpg` with `x.cls` or `x.json`). A shard is walked
// once for its headers and labels; a picture's bytes are read from their place when they are asked for.
// https://github.com/webdataset/webdataset
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { DataError } from '../../base/errors.ts';
import { type Listing, type Place, type Source, wholePart } from '../dataset.ts';
import { pictureIn, readRange, storeInFile } from '../stored.ts';
import { type Labelled, listingOf, namesBeside } from './classes.ts';
import { pictureFile } from './files.ts';
import { splitNamed, splitOf } from './split-names.ts';
import { type TarEntry, tarEntries } from './tar-index.ts';

async function shardsOf({ root, isFolder }: Place): Promise<string[]> {
  if (!isFolder) return root.endsWith('.tar') ? [root] : [];
  const out: string[] = [];
  for (const entry of (await readdir(root, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(root, entry.name);
    if (entry.isFile() && entry.name.endsWith('.tar')) out.push(path);
    if (entry.isDirectory() && splitNamed(entry.name))
      for (const file of (await readdir(path)).sort()) if (file.endsWith('.tar')) out.push(join(path, file));
  }
  return out;
}

const labelKeys = ['label', 'cls', 'class', 'class_name'];

function labelIn(where: string, { name, contents }: TarEntry): string {
  const text = new TextDecoder().decode(contents).trim();
  if (!name.endsWith('.json')) return text;
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new DataError(`data ${where}: ${name} is not JSON`, { cause });
  }
  const key = labelKeys.find((k) => ['string', 'number'].includes(typeof json[k]));
  if (key === undefined)
    throw new DataError(`data ${where}: ${name} has no label (${labelKeys.slice(0, 2).join(' or ')})`);
  return String(json[key]);
}

/** `a/b.c.jpg` -> sample `a/b`, kind `c.jpg`: the name ends at the first dot after the last slash. */
function sampleOf(name: string): { readonly key: string; readonly kind: string } {
  const dot = name.indexOf('.', name.lastIndexOf('/') + 1);
  return dot < 0 ? { key: name, kind: '' } : { key: name.slice(0, dot), kind: name.slice(dot + 1).toLowerCase() };
}

const labelKinds = ['cls', 'label', 'json']; // in order of preference
const isLabel = (name: string) => labelKinds.includes(sampleOf(name).kind);

interface Sample {
  readonly key: string;
  picture?: TarEntry;
  label?: TarEntry;
}

async function* samplesOf(where: string, shard: string): AsyncGenerator<Sample> {
  let sample: Sample | undefined;
  for await (const entry of tarEntries(where, shard, isLabel)) {
    const { key, kind } = sampleOf(entry.name);
    if (sample?.key !== key) {
      if (sample) yield sample;
      sample = { key };
    }
    const rank = (e: TarEntry | undefined) => (e ? labelKinds.indexOf(sampleOf(e.name).kind) : labelKinds.length);
    if (labelKinds.includes(kind) && labelKinds.indexOf(kind) < rank(sample.label)) sample.label = entry;
    else if (pictureFile.test(entry.name)) sample.picture ??= entry;
  }
  if (sample) yield sample;
}

async function listShards(place: Place): Promise<Listing> {
  const { path, root, isFolder } = place;
  const base = isFolder ? root : dirname(root);
  const rows: Labelled[] = [];
  const shards = await shardsOf(place);
  if (shards.length === 0) throw new DataError(`data ${path}: holds no .tar shards`);
  for (const shard of shards) {
    const shardName = relative(base, shard);
    const where = isFolder ? `${path}: ${shardName}` : path;
    const sizes = new Map<number, number>();
    const store = storeInFile(shard, (at) => readRange(shard, at, sizes.get(at)!));
    const part = splitOf(basename(shard)) ?? splitNamed(basename(dirname(shard))) ?? wholePart;
    for await (const { key, picture, label } of samplesOf(where, shard)) {
      if (picture === undefined) continue; // notes about the shard
      if (label === undefined)
        throw new DataError(`data ${where}: sample ${key} has a picture but no label (${key}.cls or ${key}.json)`);
      sizes.set(picture.offset, picture.size);
      const name = `${shardName}/${picture.name}`;
      const text = labelIn(where, label);
      rows.push({ part, label: text, picture: (index) => pictureIn(store, name, index, picture.offset) });
    }
  }
  return listingOf({ ...place, root: base }, rows, await namesBeside(base), 'webdataset');
}

export const webdataset: Source = {
  name: 'webdataset',
  summary: 'tar shards with x.jpg beside x.cls or x.json',
  recognises: async (place) => (await shardsOf(place)).length > 0,
  list: listShards,
};
