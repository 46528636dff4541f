// Where the studies of an open store stand. Apart from look.ts, whose types are public and know of no database.
import { readStanding } from '../study/look.ts';
import { silence } from '../study/silence.ts';
import type { StudyStanding } from '../study/standing.ts';
import type { Store } from '../study/store.ts';
import { chosenStudies } from './store.ts';

export async function readStatus(store: Store, db: string, study: string | undefined): Promise<StudyStanding[]> {
  const workers = await store.workers(Date.now() - silence);
  const rows = await chosenStudies(store, db, study);
  return Promise.all(rows.map(async (row) => ({ standing: await readStanding(store, row, workers), workers })));
}
