// Where the studies of a store stand. Apart from look.ts, whose types are public and know of no database.
import { resolve } from 'node:path';
import { livingOwner } from '../study/db/owner.ts';
import { isServerUrl } from '../study/db/url.ts';
import { leftStanding, type StandingSource } from '../study/left-standing.ts';
import { readStanding } from '../study/look.ts';
import { silence } from '../study/silence.ts';
import type { StudyStanding } from '../study/standing.ts';
import { chosenStudies, withStore } from './store.ts';

async function standings(source: StandingSource, db: string, study: string | undefined): Promise<StudyStanding[]> {
  const workers = await source.workers(Date.now() - silence);
  const rows = await chosenStudies(source, db, study);
  return Promise.all(rows.map(async (row) => ({ standing: await readStanding(source, row, workers), workers })));
}

/** Opens a store that nobody has, for the note that is left at its closing: reading it before that would count all runs twice. */
async function noteStanding(db: string): Promise<StandingSource | undefined> {
  if (isServerUrl(db) || (await livingOwner(resolve(db)))) return undefined;
  await withStore(db, 'reader', async () => {});
  return leftStanding(db);
}

/** Throws RunError where there is no such store or study. */
export async function readStatus(db: string, study: string | undefined): Promise<StudyStanding[]> {
  const left = (await leftStanding(db)) ?? (await noteStanding(db));
  return left ? standings(left, db, study) : withStore(db, 'reader', (store) => standings(store, db, study));
}
