// The cache of the Hugging Face hub on disk, in the layout that Python's huggingface_hub shares:
// models--ORG--NAME/{refs/REVISION, snapshots/COMMIT/FILE -> ../../blobs/HASH}.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A model on the hub: `org/name`, or `name` alone for the oldest ones. */
export interface HubModel {
  readonly name: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

const namePart = '[\\w][\\w.-]{0,95}';
const pattern = new RegExp(`^(${namePart}/${namePart})(?:@([\\w][\\w./-]{0,199}))?$`);

/** Reads `org/name` or `org/name@revision`; undefined where it is neither. */
export function parseHubModel(text: string): HubModel | undefined {
  const match = pattern.exec(text);
  if (!match || text.includes('..') || text.includes('--')) return undefined;
  return { name: match[1]!, revision: match[2] ?? 'main' };
}

/** Where the cache is: HF_HUB_CACHE, else hub/ below HF_HOME, else below ~/.cache/huggingface. */
export function hubCache(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface');
  return env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, 'hub');
}

export const repositoryFolder = (name: string, cache = hubCache()): string =>
  join(cache, `models--${name.replaceAll('/', '--')}`);

const commit = /^[0-9a-f]{40}$/;

/** The folder of a revision's files, where it is in the cache. */
export function cachedSnapshot({ name, revision }: HubModel, cache = hubCache()): string | undefined {
  const repository = repositoryFolder(name, cache);
  const reference = join(repository, 'refs', revision);
  const hash = commit.test(revision) ? revision : existsSync(reference) && readFileSync(reference, 'utf8').trim();
  if (!hash || !commit.test(hash)) return undefined;
  const folder = join(repository, 'snapshots', hash);
  return existsSync(folder) ? folder : undefined;
}

/** `org/name` of a folder inside a cache; undefined for other folders. */
export function hubNameOf(folder: string): string | undefined {
  const match = /[\\/]models--([^\\/]+?)--([^\\/]+)[\\/]snapshots[\\/][0-9a-f]{40}[\\/]?$/.exec(folder);
  return match ? `${match[1]}/${match[2]}` : undefined;
}
