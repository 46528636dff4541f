// Studies from TypeScript: plan, run, look at, pause, go on with, take out and compare. Every call opens the store and closes it;
// nothing is kept between two calls.
export { OptionError, RunError, VituneError } from '../base/errors.ts';
export type { PlanInput } from '../study/plan.ts';
export { type FinalResult, type Interval, type Summary, summarize } from '../study/results.ts';
export type { WorkerProgress, WorkerRow } from '../study/rows.ts';
export type { Best, Standing, StudyStanding } from '../study/standing.ts';
export { type ExportedStudy, exportStudies, type ImportedResults, importResults } from './exchange.ts';
export {
  type LookOptions,
  type PausedStudy,
  pauseStudies,
  studyResults,
  studyStatus,
} from './look.ts';
export { type PlannedCell, type PlannedStudy, planStudy, type StudyPlan } from './plan.ts';
export { resumeStudy, runStudy, type StudyEvent, type StudyRun, type StudyRunOptions } from './run.ts';
