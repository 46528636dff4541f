// A folder of domains (photo/, sketch/, or train/, test/, sketch/), each with class folders: what the robustness protocol
// trains and tests on. A domain that is only tested on may have a part of the classes, as ImageNet-A and -R have.
import { join } from 'node:path';
import { DataError } from '../../base/errors.ts';
import type { Listing, Picture, Place, Source } from '../dataset.ts';
import { list, type Walk, walking } from './files.ts';
import { type ClassFiles, checkClasses, classFolders, displayNames, picturesOf } from './image-folder.ts';
import { splitNamed } from './split-names.ts';

async function listDomains(place: Place, walk: Walk): Promise<Listing> {
  const { path, name, root } = place;
  const domains = new Map<string, ClassFiles>();
  for (const folder of await list(walk, root)) {
    if (!folder.isFolder) continue;
    const classes = await classFolders(walk, join(root, folder.name));
    checkClasses(join(path, folder.name), classes);
    domains.set(splitNamed(folder.name) ?? folder.name, classes);
  }
  if (domains.size === 0)
    throw new DataError(`data ${path}: holds no domains; lay it out as ${path}/<domain>/<class>/<picture>`);
  const most = Math.max(...[...domains.values()].map((classes) => classes.size));
  const widest = domains.get('train') ?? [...domains.values()].find((classes) => classes.size === most)!;
  const names = [...widest.keys()];
  const parts = new Map<string, Picture[]>();
  for (const [domain, classes] of domains) {
    const extra = [...classes.keys()].filter((folder) => !widest.has(folder));
    if (extra.length > 0)
      throw new DataError(`data ${path}: ${domain}/ has classes that the widest domain doesn't have (+ extra)`, {
        lines: extra.map((folder) => `+ ${folder}`),
      });
    parts.set(domain, picturesOf(root, names, classes));
  }
  return { name, root, classes: await displayNames(root, names), parts, rule: 'domains' };
}

/** Folders, each with at least two folders and no pictures of its own. */
async function looksLikeDomains(place: Place): Promise<boolean> {
  if (!place.isFolder) return false;
  const walk: Walk = { root: place.root, skippedLinks: [] };
  const folders = (await list(walk, place.root)).filter((entry) => entry.isFolder);
  for (const { name } of folders) {
    const inside = await list(walk, join(place.root, name));
    if (inside.filter((entry) => entry.isFolder).length < 2) return false;
  }
  return folders.length > 1;
}

export const domainFolders: Source = {
  name: 'domain-folders',
  summary: 'a folder of domains, each with class folders (taken for it by the robustness protocol, or when named)',
  recognises: looksLikeDomains,
  list: (place) => walking(place, (walk) => listDomains(place, walk)),
};
