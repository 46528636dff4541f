// Pushes an export to a repository on the Hugging Face hub, with its model card and its certificate.
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRepo, HubApiError, uploadFiles } from '@huggingface/hub';
import { HubError, OptionError } from '../base/errors.ts';
import { parseHubModel } from '../model/hub-cache-file.ts';
import { hubError } from './listing.ts';
import { patientFetch } from './retry.ts';
import { hubSettings } from './settings.ts';

export interface PushOptions {
  /** Left out = only its owner sees the repository, if it is made now: what was public can't be made unseen. */
  readonly public?: boolean | undefined;
  /** Shortens waits between attempts; left out = 1. */
  readonly waitScale?: number;
}

export interface Pushed {
  readonly url: string;
  readonly commit: string;
  readonly files: readonly string[];
}

/** What every export has. */
const marks = ['README.md', 'certificate.json'];

/** Files of an export, by their path in the repository. Throws HubError where it is none. */
async function exportedFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: Error) => {
    throw new HubError(`push ${folder}: can't be read: ${cause.message}`, { cause });
  });
  const files = entries
    .filter((entry) => entry.isFile()) // a link could lead anywhere
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  const missing = marks.find((mark) => !files.includes(mark));
  if (missing) throw new HubError(`push ${folder}: has no ${missing}; push what vitune export wrote, checked as it is`);
  return files;
}

/** Pushes the folder as one commit, making the repository where it isn't there. Throws OptionError or HubError. */
export async function pushExport(
  folder: string,
  repository: string,
  { public: isPublic = false, waitScale = 1 }: PushOptions = {},
): Promise<Pushed> {
  const model = parseHubModel(repository);
  if (!model || repository.includes('@'))
    throw new OptionError(`push: takes a repository of the hub, org/name, got "${repository}"`);
  const { endpoint, token, offline } = hubSettings();
  if (offline) throw new HubError('push: HF_HUB_OFFLINE forbids to ask the hub');
  if (!token) throw new HubError('push: needs a token that may write: set HF_TOKEN');
  const files = await exportedFiles(folder);
  const repo = { type: 'model', name: model.name } as const;
  const asking = { hubUrl: endpoint, accessToken: token, fetch: patientFetch(waitScale) };
  try {
    await createRepo({ repo, visibility: isPublic ? 'public' : 'private', ...asking }).catch((error: unknown) => {
      if (!(error instanceof HubApiError && error.statusCode === 409)) throw error; // it is there already
    });
    const result = await uploadFiles({
      repo,
      commitTitle: 'Export of vitune',
      files: files.map((path) => ({ path, content: pathToFileURL(join(folder, ...path.split('/'))) })),
      ...asking,
    });
    return { url: `${endpoint}/${model.name}`, commit: result?.commit.oid ?? '', files };
  } catch (error) {
    throw hubError(model.name, error, endpoint);
  }
}
