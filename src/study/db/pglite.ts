// The embedded database: a folder, opened by the process that runs the study and reached by all others through its socket.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Kysely } from 'kysely';
import { RunError } from '../../base/errors.ts';
import { keepLogShort } from './checkpoints.ts';
import { type Database, prepare, type Upkeep, upkeepOf } from './database.ts';
import { sessionDialect } from './dialect.ts';
import { leaveNote } from './note.ts';
import { livingOwner, type OwnerRole, takeFolder } from './owner.ts';
import { pgliteOptions } from './pglite-options.ts';
import { localSource, type SqlSource } from './session.ts';
import type { Tables } from './tables.ts';
import { departure, remoteSource, serve } from './wire.ts';

/** Milliseconds that a study waits for a reader to be done with the folder. */
const readerPatience = 30_000;

/** Unix sockets have short paths, so it can't lie in the database's folder. Only this user may enter it. */
async function socketPath(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'vitune-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  // Windows has named pipes in place of socket files.
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\${folder.replaceAll(/[\\/:]/g, '-')}` : join(folder, 's');
  return { path, remove };
}

/** What an owner writes down when it leaves, from a last look at its database; undefined = nothing. */
export type LastWord = (kysely: Kysely<Tables>) => Promise<string | undefined>;

const kyselyOf = (source: SqlSource) => new Kysely<Tables>({ dialect: sessionDialect(source) });
const databaseOf = (source: SqlSource, release: () => Promise<void>, upkeep: Upkeep) =>
  prepare(kyselyOf(source), release, upkeep);

/** A database that this process runs, for itself and for others at its socket. */
interface Owned {
  readonly source: SqlSource;
  release(): Promise<void>;
}

/** Runs the database in this process. Undefined = another one has it. */
async function own(folder: string, role: OwnerRole, lastWord: LastWord): Promise<Owned | undefined> {
  let open: (pg: PGlite) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  // The socket answers before the folder is taken, and queries wait until the database is open.
  const opening = new Promise<PGlite>((res, rej) => {
    open = res;
    fail = rej;
  });
  opening.catch(() => {});
  const source = localSource(opening);
  const socket = await socketPath();
  const stop = await serve(source, socket.path);
  const stopServing = async () => {
    stop();
    await socket.remove();
  };
  let generation: number | undefined;
  try {
    generation = await takeFolder(folder, role, socket.path);
    if (generation === undefined) {
      await stopServing();
      return undefined;
    }
    const pg = await PGlite.create(join(folder, 'pg'), pgliteOptions);
    open(pg);
  } catch (error) {
    fail(error);
    await stopServing();
    throw error;
  }
  const leaveLog = keepLogShort(source);
  return {
    source,
    // The socket answers to the end: nobody opens the folder while this process still writes to it.
    async release() {
      let note: string | undefined;
      await leaveLog();
      await source.close(async (last) => {
        note = await lastWord(kyselyOf(last));
      });
      if (note !== undefined) await leaveNote(folder, generation, note);
      await stopServing();
    },
  };
}

/**
 * Reaches the database through its owner. When the owner leaves, a reader goes on as the owner; a worker waits for the next
 * one, as long as a store's calls are tried again.
 */
function joinOwner(folder: string, role: 'reader' | 'worker', lastWord: LastWord): Promise<Database> {
  let owned: Owned | undefined;
  const source = remoteSource(async () => {
    for (;;) {
      const owner = await livingOwner(folder);
      if (owner) return owner.socket;
      if (role === 'worker') throw Object.assign(new Error(`no study runs on ${folder} now`), { code: 'ECONNREFUSED' });
      owned = await own(folder, role, lastWord);
    }
  });
  const release = async () => {
    await source.close();
    await owned?.release();
  };
  return databaseOf(source, release, 'none');
}

/**
 * Opens the database in a folder. `study` owns it and throws RunError while another study does; `reader` joins an owner,
 * or opens the folder for itself; `worker` joins an owner or throws RunError.
 */
export async function openPglite(path: string, role: OwnerRole | 'worker', lastWord: LastWord): Promise<Database> {
  const folder = resolve(path);
  if (role === 'study') await mkdir(folder, { recursive: true });
  else if (!existsSync(folder))
    throw new RunError(`--db ${folder}: no such folder; a study makes it: vitune study run`);
  const started = performance.now();
  for (;;) {
    const owner = await livingOwner(folder);
    if (owner && role !== 'study') return joinOwner(folder, role, lastWord);
    if (!owner && role === 'worker')
      throw new RunError(`--db ${folder}: no study runs there; start one by vitune study run, or vitune study resume`);
    if (!owner) {
      const owned = await own(folder, role as OwnerRole, lastWord);
      if (owned) return databaseOf(owned.source, owned.release, upkeepOf(role));
      continue;
    }
    const patience = readerPatience - (performance.now() - started);
    if (owner.role === 'study' || patience <= 0)
      throw new RunError(
        `--db ${folder}: process ${owner.pid} has it open; see vitune study status, or join it by vitune worker`,
      );
    await departure(owner.socket, patience);
  }
}
