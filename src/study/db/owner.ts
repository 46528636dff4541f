// Who owns an embedded database. PGlite is one process; others reach it through the owner's socket. Ownership is a numbered
// file in the folder: the highest number counts, is made whole or not at all (link), and is never removed, so two processes
// can't both take over from a dead one. An owner lives as long as its socket answers; a process id would say less, it may
// belong to another process by now.
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RunError } from '../../base/errors.ts';
import { connectSocket } from './wire.ts';

/** `study` runs trials and stays; `reader` looks and goes. */
export type OwnerRole = 'study' | 'reader';

export interface Owner {
  readonly host: string;
  readonly pid: number;
  readonly role: OwnerRole;
  /** The socket it listens at. */
  readonly socket: string;
}

const fileOf = (folder: string, generation: number) => join(folder, `owner.${generation}.json`);

async function generations(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .flatMap((name) => /^owner\.(\d+)\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
}

async function answers({ host, socket }: Owner, folder: string): Promise<boolean> {
  if (host !== hostname())
    throw new RunError(
      `--db ${folder}: was last used on ${host}, and an embedded database can't be shared between machines; use a server (--db postgres://...), or remove ${folder}/owner.*.json if nothing runs there`,
    );
  return connectSocket(socket).then(
    (open) => {
      open.destroy();
      return true;
    },
    () => false,
  );
}

/** The living owner of the folder, and the highest generation there is: 0 where nobody ever owned it. */
export async function lookUp(
  folder: string,
): Promise<{ readonly owner: Owner | undefined; readonly generation: number }> {
  for (;;) {
    const [generation = 0] = await generations(folder);
    if (generation === 0) return { owner: undefined, generation };
    let text: string;
    try {
      text = await readFile(fileOf(folder, generation), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      continue; // the next owner came in between and removed it
    }
    const owner = JSON.parse(text) as Owner;
    return { owner: (await answers(owner, folder)) ? owner : undefined, generation };
  }
}

export const livingOwner = async (folder: string): Promise<Owner | undefined> => (await lookUp(folder)).owner;

/** Makes this process the owner, whose socket must answer already, and returns its generation; undefined where one lives. */
export async function takeFolder(folder: string, role: OwnerRole, socket: string): Promise<number | undefined> {
  const mine: Owner = { host: hostname(), pid: process.pid, role, socket };
  for (;;) {
    const { owner, generation } = await lookUp(folder);
    if (owner) return undefined;
    const temporary = join(folder, `owner.${randomUUID()}.tmp`);
    await writeFile(temporary, JSON.stringify(mine));
    const path = fileOf(folder, generation + 1);
    try {
      await link(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      continue; // another one was faster
    } finally {
      await rm(temporary, { force: true });
    }
    // Whoever looked before a whole generation went by made a number that no longer counts.
    const all = await generations(folder);
    if (all[0] !== generation + 1) {
      await rm(path, { force: true });
      continue;
    }
    for (const old of all.slice(1)) await rm(fileOf(folder, old), { force: true });
    return generation + 1;
  }
}
