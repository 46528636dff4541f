// Every number of a report as named tables, for JSON and CSV files beside it.
import { accuracyTable, bestPerGroup } from '../analysis/accuracy.ts';
import { agreementMatrix, errorOverlapMatrix } from '../analysis/agreement.ts';
import { comparisonTable } from '../analysis/compare.ts';
import { ensembleTable } from '../analysis/ensemble.ts';
import { onlyOneRight, oracleTable } from '../analysis/oracle.ts';
import { pickOverlapMatrix, picks, vennTable } from '../analysis/overlap.ts';
import { paretoTable } from '../analysis/pareto.ts';
import { perClassTable } from '../analysis/per-class.ts';
import { besidePublished } from '../analysis/published/beside.ts';
import { rankAnalysis } from '../analysis/ranks.ts';
import { robustnessTable } from '../analysis/robustness.ts';
import { effectsTable, sensitivityTable } from '../analysis/sensitivity.ts';
import { shotsTable } from '../analysis/shots.ts';
import type { Table } from '../analysis/table.ts';
import { wiseChoiceTable, wiseTable } from '../analysis/wise.ts';
import { listLength } from './prediction-sections.ts';
import type { PredictionSet, StudyRecords } from './study-records.ts';

export interface NamedTable {
  /** Fit for a file name; unique in a study. */
  readonly name: string;
  readonly table: Table;
}

function predictionTables({ data, test, validation }: PredictionSet): NamedTable[] {
  if (test.length < 2) return [];
  const k = listLength(test[0]!.names.length);
  const tables: readonly (readonly [string, Table])[] = [
    ['oracle', oracleTable(test)],
    ['agreement', agreementMatrix(test)],
    ['error-overlap', errorOverlapMatrix(test)],
    ...picks.flatMap((pick) => [
      [`venn-${pick}`, vennTable(test, pick, k)] as const,
      [`overlap-${pick}`, pickOverlapMatrix(test, pick, k)] as const,
    ]),
    ['classes', perClassTable(test)],
    ['pairs', comparisonTable(test)],
    ['ensembles', ensembleTable(test, validation)],
    ['only-one-right', onlyOneRight(test)],
  ];
  return tables.map(([name, table]) => ({ name: `${name}-${data.replaceAll(/[^\w.-]+/g, '-')}`, table }));
}

/** The tables that the study's records allow. */
export function studyTables(study: StudyRecords): NamedTable[] {
  const { results, trials = [], shots = [], predictions = [], robustness, wise = [], published = [] } = study;
  const some = <T>(records: readonly T[], table: (records: readonly T[]) => Table): Table | undefined =>
    records.length > 0 ? table(records) : undefined;
  const tables: Readonly<Record<string, Table | undefined>> = {
    accuracy: some(results, (records) =>
      accuracyTable(records, { predictions: predictions.flatMap(({ test }) => test) }),
    ),
    groups: some(
      results.filter((r) => r.group !== undefined),
      bestPerGroup,
    ),
    ranks: rankAnalysis(results)?.table,
    parameters: paretoTable(results, 'parameters'),
    seconds: paretoTable(results, 'seconds'),
    memory: paretoTable(results, 'memory'),
    sensitivity: some(trials, sensitivityTable),
    effects: some(trials, effectsTable),
    shots: some(shots, shotsTable),
    robustness: robustness && robustnessTable(robustness.results, robustness),
    wise: some(wise, wiseTable),
    'wise-choice': some(wise, wiseChoiceTable),
    published: besidePublished(results, published)?.table,
  };
  return [
    ...Object.entries(tables).flatMap(([name, table]) => (table ? { name, table } : [])),
    ...predictions.flatMap(predictionTables),
  ];
}
