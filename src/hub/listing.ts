// What a model's revision holds, by the hub's API: its commit, and each file with its size and hash. Paths and hashes are
// checked here, because they become paths on this disk.
import { HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import { HubError, messageOf, type VituneError } from '../base/errors.ts';
import type { HubModel } from '../model/hub-cache-file.ts';
import type { HubSettings } from './settings.ts';

export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** Its name among the cache's blobs, and what its bytes hash to: SHA-256 (large files) or git's SHA-1 of a blob. */
  readonly hash: { readonly kind: 'sha256' | 'git'; readonly hex: string };
}

export interface HubListing {
  /** 40 hex digits. */
  readonly commit: string;
  readonly files: readonly HubFile[];
}

/** A repository of a model has tens of files; this many are no model. */
const mostFiles = 10_000;
/** Bytes: no checkpoint that this program can use is larger. */
const largestFile = 2 ** 40;

/** A relative path inside the repository, on every system. */
const isPlainPath = (path: string) =>
  path.length <= 1000 &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && /^[^\\:*?"<>|\p{Cc}]+$/u.test(part));

/** One line for what the hub refused. */
export function hubError(model: string, error: unknown, endpoint: string): VituneError {
  if (error instanceof HubError) return error;
  if (error instanceof HubApiError) {
    const { statusCode: status } = error;
    const why =
      status === 401 || status === 403
        ? 'needs a token with the right to that: set HF_TOKEN, and accept its terms on the hub if it asks for that'
        : status === 404
          ? `is not there, or is private (HF_TOKEN); check name and revision on ${endpoint}`
          : `can't be read: the hub answered ${status}`;
    return new HubError(`${model}: ${why}`, { cause: error });
  }
  if (error instanceof TypeError && /access token/.test(error.message))
    return new HubError('HF_TOKEN must begin with hf_', { cause: error });
  return new HubError(`${model}: can't be read from ${endpoint}: ${messageOf(error)}`, { cause: error });
}

/** Asks for the revision's commit and files. Throws HubError. */
export async function hubListing(
  { name, revision }: HubModel,
  { endpoint, token }: HubSettings,
  fetcher: typeof fetch,
): Promise<HubListing> {
  const asking = { hubUrl: endpoint, fetch: fetcher, ...(token === undefined ? {} : { accessToken: token }) };
  try {
    const { sha: commit } = await modelInfo({ name, revision, additionalFields: ['sha'], ...asking });
    if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit))
      throw new HubError(`${name}: the hub names no commit for ${revision}`);
    const files: HubFile[] = [];
    const repo = { type: 'model', name } as const;
    for await (const entry of listFiles({ repo, revision: commit, recursive: true, ...asking })) {
      if (entry.type !== 'file') continue;
      const hash = entry.lfs
        ? ({ kind: 'sha256', hex: entry.lfs.oid.replace(/^sha256:/, '') } as const)
        : ({ kind: 'git', hex: entry.oid ?? '' } as const);
      const size = entry.lfs?.size ?? entry.size;
      if (!isPlainPath(entry.path))
        throw new HubError(`${name}: the hub lists ${JSON.stringify(entry.path)}, which is no path`);
      if (!(hash.kind === 'git' ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/).test(hash.hex))
        throw new HubError(`${name}: the hub gives no hash for ${entry.path}`);
      if (!Number.isSafeInteger(size) || size < 0 || size > largestFile)
        throw new HubError(`${name}: the hub says that ${entry.path} has ${size} bytes`);
      files.push({ path: entry.path, size, hash });
      if (files.length > mostFiles) throw new HubError(`${name}: has more than ${mostFiles} files; that is no model`);
    }
    return { commit, files };
  } catch (error) {
    throw hubError(name, error, endpoint);
  }
}
