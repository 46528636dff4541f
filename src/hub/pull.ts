// Pulls a model from the Hugging Face hub into the cache that Python shares: what loading it needs, and no more.
import { copyFile, lstat, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { HubError, OptionError } from '../base/errors.ts';
import { cachedSnapshot, parseHubModel, repositoryFolder } from '../model/hub-cache-file.ts';
import { downloadBlob } from './download.ts';
import { type HubFile, hubListing } from './listing.ts';
import { patientFetch } from './retry.ts';
import { hubSettings } from './settings.ts';

export interface PullProgress {
  /** Bytes there and in all. */
  readonly done: number;
  readonly total: number;
  /** The file under way. */
  readonly file: string;
}

export interface PullOptions {
  readonly onProgress?: (progress: PullProgress) => void;
  /** Shortens waits between attempts; left out = 1. */
  readonly waitScale?: number;
}

export interface Pulled {
  readonly name: string;
  readonly commit: string | undefined;
  /** The folder of its files: a model's. */
  readonly folder: string;
  readonly files: readonly string[];
  readonly bytes: number;
}

/** Weights by what is there, the most welcome first; an index brings its shards. */
const weights: readonly (readonly RegExp[])[] = [
  [/^model\.safetensors$/],
  [/^model\.safetensors\.index\.json$/, /^model-\d+-of-\d+\.safetensors$/],
  [/^adapter_model\.safetensors$/],
  [/^pytorch_model\.bin$/],
  [/^pytorch_model\.bin\.index\.json$/, /^pytorch_model-\d+-of-\d+\.bin$/],
];
const settings = /^(?:config|preprocessor_config|adapter_config)\.json$/;

/** The files that a model is loaded from. */
export function neededFiles(files: readonly HubFile[]): readonly HubFile[] {
  const form = weights.find(([main]) => files.some(({ path }) => main!.test(path))) ?? [];
  return files.filter(({ path }) => settings.test(path) || form.some((pattern) => pattern.test(path)));
}

/** A link to the blob, relative as Python makes it, or a copy where the system lets nobody link. */
async function link(blob: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (await lstat(path).catch(() => undefined)) await rm(path, { force: true });
  await symlink(relative(dirname(path), blob), path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPERM') throw error;
    await copyFile(blob, path);
  });
}

/** Pulls `org/name` or `org/name@revision`. Throws OptionError for another text, HubError for what goes wrong. */
export async function pullModel(text: string, { onProgress, waitScale = 1 }: PullOptions = {}): Promise<Pulled> {
  const model = parseHubModel(text);
  if (!model) throw new OptionError(`pull: takes a model of the hub, org/name or org/name@revision, got "${text}"`);
  const hub = hubSettings();
  const { name, revision } = model;
  if (hub.offline) {
    const folder = cachedSnapshot(model);
    if (folder) return { name, commit: undefined, folder, files: [], bytes: 0 };
    throw new HubError(`${text}: is not in the cache, and HF_HUB_OFFLINE forbids to ask the hub`);
  }
  const { commit, files } = await hubListing(model, hub, patientFetch(waitScale));
  const needed = neededFiles(files);
  if (!needed.some(({ path }) => !settings.test(path)))
    throw new HubError(`${text}: holds no weights that vitune reads (model.safetensors, pytorch_model.bin)`);

  const repository = repositoryFolder(name);
  const snapshot = join(repository, 'snapshots', commit);
  const total = needed.reduce((n, { size }) => n + size, 0);
  let done = 0;
  for (const file of needed) {
    const path = file.path.split('/').map(encodeURIComponent).join('/');
    const blob = await downloadBlob(file, {
      url: `${hub.endpoint}/${name}/resolve/${commit}/${path}`,
      token: hub.token,
      blobs: join(repository, 'blobs'),
      scale: waitScale,
      onBytes(bytes) {
        done += bytes;
        onProgress?.({ done, total, file: file.path });
      },
    });
    await link(blob, join(snapshot, file.path));
  }
  // Last, so that a revision in the cache is whole.
  if (revision !== commit) {
    const reference = join(repository, 'refs', revision);
    await mkdir(dirname(reference), { recursive: true });
    await writeFile(reference, commit);
  }
  return { name, commit, folder: snapshot, files: needed.map(({ path }) => path), bytes: total };
}
