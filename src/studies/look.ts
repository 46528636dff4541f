// Looking at the studies of a store, also while they run elsewhere, and pausing them.
import { resultsOf } from '../study/look.ts';
import type { FinalResult } from '../study/results.ts';
import type { Standing, StudyStanding } from '../study/standing.ts';
import { readStatus } from './status.ts';
import { chosenStudies, defaultDb, withStore } from './store.ts';

/** Which studies of which store: by default all in runs/studies. */
export interface LookOptions {
  /** A folder, or `postgres://user@host/name`. */
  readonly db?: string;
  /** Name or id. */
  readonly study?: string;
}

/** Where studies stand. Throws RunError where there is no such store or study. */
export const studyStatus = ({ db = defaultDb, study }: LookOptions = {}): Promise<StudyStanding[]> =>
  readStatus(db, study);

/** The final results so far, in the order of the plans. Throws RunError where there is no such store or study. */
export const studyResults = ({ db = defaultDb, study }: LookOptions = {}): Promise<FinalResult[]> =>
  withStore(db, 'reader', async (store) => resultsOf(store, await chosenStudies(store, db, study)));

export interface PausedStudy {
  readonly study: string;
  /** As it is now: a study that was done stays so. */
  readonly status: Standing['status'];
}

/** Stops studies: runs under way are saved, nothing new is begun. Throws RunError where there is no such store or study. */
export const pauseStudies = ({ db = defaultDb, study }: LookOptions = {}): Promise<PausedStudy[]> =>
  withStore(db, 'reader', async (store) => {
    const paused: PausedStudy[] = [];
    for (const { id, name, status } of await chosenStudies(store, db, study)) {
      if (status === 'running') await store.setStatus(id, 'paused');
      paused.push({ study: name, status: status === 'running' ? 'paused' : status });
    }
    return paused;
  });
