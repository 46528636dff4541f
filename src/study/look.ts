// A study's standing and results, read from the store.
import { type FinalResult, finalResults } from './results.ts';
import type { StudyRow, WorkerRow } from './rows.ts';
import { type Standing, standingOf } from './standing.ts';
import type { Store } from './store.ts';

export const readStanding = async (
  store: Pick<Store, 'tally'>,
  study: StudyRow,
  workers: readonly WorkerRow[],
): Promise<Standing> => standingOf(study, await store.tally(study.id), workers);

/** The final results of the studies, one after the other. */
export async function resultsOf(store: Pick<Store, 'trials'>, studies: readonly StudyRow[]): Promise<FinalResult[]> {
  const all: FinalResult[] = [];
  for (const study of studies) all.push(...finalResults(study, await store.trials(study.id)));
  return all;
}
