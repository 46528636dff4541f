// Several sets as one: a JSON file `{ "join": [{ "data": "photos" }, { "data": "imagenet-r", "part": "imagenet-r" }] }`. Sets
// without `part` are put together, split by split; one with `part` becomes a test set of that name. Classes are matched by name, so
// that a set may have a part of another's classes.
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { DataError, messageOf } from '../../base/errors.ts';
import { matchClasses, tested } from '../classes.ts';
import { type Listing, type Picture, type Place, type Source, wholePart } from '../dataset.ts';
import { renamed } from '../stored.ts';
import { requireClasses } from './classes.ts';

const manifest = z.strictObject({
  join: z
    .array(z.strictObject({ data: z.string(), source: z.string().optional(), part: z.string().optional() }))
    .min(1),
});

/** Set by the registry, which knows all sources. */
export type OpenListing = (path: string, source: string, warn: Place['warn']) => Promise<Listing>;

async function read({ path, root }: Place) {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(root, 'utf8'));
  } catch (cause) {
    throw new DataError(`data ${path}: is not JSON: ${messageOf(cause)}`, { cause });
  }
  const parsed = manifest.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DataError(`data ${path}: ${issue!.path.join('.')}: ${issue!.message}`);
  }
  return parsed.data.join;
}

async function listJoined(place: Place, openListing: OpenListing): Promise<Listing> {
  const { path, root, name, warn } = place;
  const sets = [];
  for (const { data, source = 'auto', part } of await read(place)) {
    const full = resolve(dirname(root), data);
    // A file may join itself by way of another, without end.
    if (full.endsWith('.json'))
      throw new DataError(`data ${path}: joins ${data}, a joined set; name its sets here instead`);
    sets.push({ part, listing: await openListing(full, source, warn) });
  }
  const bases = sets.filter(({ part }) => part === undefined);
  if (bases.length === 0) throw new DataError(`data ${path}: every set has a part; leave it out for those to train on`);
  const classes = [...new Set(bases.flatMap(({ listing }) => listing.classes))].sort();
  requireClasses(path, classes);
  const parts = new Map<string, Picture[]>();
  const used = new Set<string>();
  for (const { part, listing } of sets) {
    let prefix = basename(listing.root);
    for (let n = 2; used.has(prefix); n++) prefix = `${basename(listing.root)}-${n}`;
    used.add(prefix);
    const indices = matchClasses(`${path}: ${listing.name}`, listing.classes, classes);
    const chosen = part === undefined ? listing.parts : new Map([[part, tested(listing)]]);
    for (const [from, pictures] of chosen) {
      const held = parts.get(from) ?? [];
      for (const picture of pictures) held.push(renamed(picture, `${prefix}/${picture.name}`, indices[picture.label]!));
      parts.set(from, held);
    }
  }
  if (parts.has(wholePart) && parts.has('train'))
    throw new DataError(`data ${path}: some of the sets have splits and some don't; give all of them splits, or none`);
  return { name: name.replace(/\.json$/, ''), root: dirname(root), classes, parts, rule: 'joined' };
}

export const joined = (openListing: OpenListing): Source => ({
  name: 'joined',
  summary: 'a JSON file that joins several sets: {"join": [{"data": PATH, "source"?: NAME, "part"?: NAME}]}',
  recognises: async ({ root, isFolder }) => !isFolder && root.endsWith('.json'),
  list: (place) => listJoined(place, openListing),
});
