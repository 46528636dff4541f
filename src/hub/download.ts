// One file of the hub into the cache: bytes go to BLOB.incomplete, from where they end there already, and become BLOB when
// size and hash are right.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HubError, messageOf } from '../base/errors.ts';
import type { HubFile } from './listing.ts';
import { patiently, requireAnswer, TemporaryFailure } from './retry.ts';

export interface DownloadOptions {
  readonly url: string;
  readonly token: string | undefined;
  /** Folder of the blobs. */
  readonly blobs: string;
  readonly onBytes: (bytes: number) => void;
  /** Shortens waits between attempts. */
  readonly scale: number;
}

const sizeOf = async (path: string): Promise<number | undefined> => (await stat(path).catch(() => undefined))?.size;

/** The hash of a file's bytes so far; git's begins with the kind and the whole size. */
function hasher({ hash, size }: HubFile): Hash {
  if (hash.kind === 'sha256') return createHash('sha256');
  return createHash('sha1').update(`blob ${size}\0`);
}

async function hashFile(file: HubFile, path: string): Promise<string> {
  const hash = hasher(file);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Gets what is missing of the file. Throws TemporaryFailure, or fetch's errors, with all that came kept. */
async function fetchRest(file: HubFile, incomplete: string, { url, token, onBytes }: DownloadOptions): Promise<void> {
  let have = (await sizeOf(incomplete)) ?? 0;
  if (have > file.size) {
    await rm(incomplete, { force: true });
    have = 0;
  }
  if (have === file.size && have > 0) return;
  const response = await fetch(url, {
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(have > 0 ? { range: `bytes=${have}-` } : {}),
      'accept-encoding': 'identity', // sizes and ranges are of the bytes as they are
    },
  });
  requireAnswer(response);
  if (!response.ok || !response.body) throw new HubError(`${file.path}: the hub answered ${response.status}`);
  const resumes = response.status === 206;
  if (resumes && !response.headers.get('content-range')?.startsWith(`bytes ${have}-`))
    throw new HubError(`${file.path}: the hub sent another part than was asked for`);
  if (!resumes) onBytes(-have); // it begins anew
  const handle = await open(incomplete, resumes ? 'a' : 'w');
  try {
    let total = resumes ? have : 0;
    for await (const chunk of response.body) {
      total += chunk.length;
      if (total > file.size)
        throw new HubError(`${file.path}: the hub sent more than the ${file.size} bytes that it listed`);
      await handle.writeFile(chunk);
      onBytes(chunk.length);
    }
    if (total < file.size) throw new TemporaryFailure(`${file.path} ended after ${total} of ${file.size} bytes`);
  } finally {
    await handle.close();
  }
}

/** Brings the file's bytes into the cache; gives the blob's path. Throws HubError. */
export async function downloadBlob(file: HubFile, options: DownloadOptions): Promise<string> {
  const blob = join(options.blobs, file.hash.hex);
  const { onBytes, scale } = options;
  if ((await sizeOf(blob)) === file.size) {
    onBytes(file.size);
    return blob;
  }
  const incomplete = `${blob}.incomplete`;
  try {
    await mkdir(dirname(blob), { recursive: true });
    // A part of an interrupted download may be anything: where the whole is wrong, one more try begins from nothing.
    for (const last of [false, true]) {
      let got = (await sizeOf(incomplete)) ?? 0;
      const resumed = got > 0;
      onBytes(got);
      const counted: DownloadOptions = {
        ...options,
        onBytes(bytes) {
          got += bytes;
          onBytes(bytes);
        },
      };
      await patiently(() => fetchRest(file, incomplete, counted), { scale, progress: () => got });
      if (file.size === 0) await (await open(incomplete, 'a')).close();
      if ((await hashFile(file, incomplete)) === file.hash.hex) break;
      await rm(incomplete, { force: true });
      if (last || !resumed)
        throw new HubError(
          `${file.path}: what came has another hash than the hub lists (${file.hash.hex}); nothing was kept`,
        );
      onBytes(-got);
    }
    await rename(incomplete, blob);
    return blob;
  } catch (error) {
    if (error instanceof HubError) throw error;
    throw new HubError(`${file.path}: can't be written into the cache: ${messageOf(error)}`, { cause: error });
  }
}
