// The note that the last owner of an embedded database leaves beside it. It bears the owner's generation (owner.ts) and is written
// when the database is closed: it is true as long as nobody took the folder after that owner, and one that was killed has left none.
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lookUp } from './owner.ts';

interface Note {
  readonly generation: number;
  readonly text: string;
}

const fileOf = (folder: string) => join(folder, 'note.json');

/** The database must be closed, and the folder still be this owner's. A note that can't be written is none: nobody needs it. */
export async function leaveNote(folder: string, generation: number, text: string): Promise<void> {
  const note: Note = { generation, text };
  const temporary = `${fileOf(folder)}.tmp`;
  try {
    await writeFile(temporary, JSON.stringify(note), { flush: true });
    await rename(temporary, fileOf(folder));
  } catch {
    await rm(temporary, { force: true });
  }
}

/** The last owner's note; undefined where somebody owns the folder, or the last one left none. */
export async function readNote(folder: string): Promise<string | undefined> {
  const { owner, generation } = await lookUp(folder);
  if (owner) return undefined;
  try {
    const note = JSON.parse(await readFile(fileOf(folder), 'utf8')) as Note;
    return note.generation === generation ? note.text : undefined;
  } catch {
    return undefined; // there is none, or a power failure cut it off
  }
}
