// What standings are worked out from, as the last owner of an embedded store left it: looking at a store that nobody has open
// needn't open the database, which takes most of the time.
import { resolve } from 'node:path';
import { readNote } from './db/note.ts';
import type { LastWord } from './db/pglite.ts';
import { isServerUrl } from './db/url.ts';
import type { StudyRow, WorkerRow } from './rows.ts';
import type { Store } from './store.ts';
import { createReading } from './store-reading.ts';
import type { Tally } from './tally.ts';

/** What a standing is worked out from. */
export type StandingSource = Pick<Store, 'studies' | 'tally' | 'workers'>;

/** Another number = another layout of the note. */
const format = 2;

interface StandingNote {
  readonly format: number;
  readonly studies: readonly StudyRow[];
  /** By study. */
  readonly tallies: Readonly<Record<string, Tally>>;
  readonly workers: readonly WorkerRow[];
}

/** Undefined where it can't be told, as of a database whose tables could not be made: whoever asks opens the database then. */
export const standingNote: LastWord = async (kysely) => {
  try {
    const reading = createReading(kysely);
    const studies = await reading.studies();
    const tallies: Record<string, Tally> = {};
    for (const { id } of studies) tallies[id] = await reading.tally(id);
    const note: StandingNote = { format, studies, tallies, workers: await reading.workers(0) };
    return JSON.stringify(note);
  } catch {
    return undefined;
  }
};

/** Undefined where only the database can tell: a server, a store that somebody has open, or whose last owner was killed. */
export async function leftStanding(db: string): Promise<StandingSource | undefined> {
  const text = isServerUrl(db) ? undefined : await readNote(resolve(db));
  const note = text === undefined ? undefined : (JSON.parse(text) as StandingNote);
  if (note?.format !== format) return undefined;
  return {
    studies: async () => [...note.studies],
    tally: async (study) => note.tallies[study]!,
    workers: async (since) => note.workers.filter(({ heartbeat }) => heartbeat >= since),
  };
}
