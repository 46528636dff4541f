// From the study store to the records that analyses and reports are made from: final results, tuning trials, predictions of
// the first seed, accuracy on shifted sets.
import { mean, unique } from '../analysis/collect.ts';
import type {
  FinalResult,
  Params,
  Predictions,
  RobustResult,
  TrialResult,
  Value,
  WiseCurve,
} from '../analysis/records.ts';
import { CheckpointError } from '../base/errors.ts';
import type { PredictionSet } from '../report/study-records.ts';
import { metricsAmongOwn, metricsOf } from '../train/metrics.ts';
import { shiftsAmongOwnClasses } from '../train/spec.ts';
import type { WiseRecord } from '../train/wise-curve.ts';
import { readLogits, type SetLogits } from './logits.ts';
import { finalResults } from './results.ts';
import type { StudyRow, TrialRow } from './rows.ts';
import type { Store } from './store.ts';

/** What is read of the store: any process may, at any time. */
export type ReadingStore = Pick<Store, 'trials' | 'spec' | 'artifact' | 'epochSeconds'>;

export interface AnalysisRecords {
  readonly results: readonly FinalResult[];
  readonly trials: readonly TrialResult[];
  readonly predictions: readonly PredictionSet[];
  readonly robustness: readonly RobustResult[];
  /** The model before tuning, where the head's start is a classifier already (zero-shot): alpha 0 of any curve. */
  readonly untuned: RobustResult | undefined;
  readonly wise: readonly WiseCurve[];
}

const files = { val: 'val_logits.safetensors', test: 'test_logits.safetensors', wise: 'wise.json' } as const;

const plainValue = (value: unknown): Value =>
  Array.isArray(value)
    ? value.map(String)
    : ['string', 'number', 'boolean'].includes(typeof value)
      ? (value as Value)
      : JSON.stringify(value);
const paramsOf = (params: Readonly<Record<string, unknown>>): Params =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, plainValue(value)]));

/** What a cell is called in comparisons: its method, and the model where the study has several. */
export function methodLabels({ cells }: Pick<StudyRow, 'cells'>): readonly string[] {
  const several = unique(cells.map(({ model }) => model)).length > 1;
  return cells.map(({ method, model }) => (several ? `${method}, ${model}` : method));
}

/** What a cell says of its data, where it does. */
const dataFactsOf = ({ pictures, group }: StudyRow['cells'][number]) => ({
  ...(pictures !== undefined && { pictures }),
  ...(group !== undefined && { group }),
});

/** Results by what their data are parts of, where that was studied with several numbers of training pictures. */
export function shotResults({ cells }: Pick<StudyRow, 'cells'>, results: readonly FinalResult[]): FinalResult[] {
  const sourceOf = new Map(cells.map(({ data, source }) => [data, source]));
  const named = results.flatMap((result): FinalResult[] => {
    const source = sourceOf.get(result.data);
    return source === undefined || result.pictures === undefined ? [] : [{ ...result, data: source }];
  });
  const numbers = (source: string) => unique(named.filter(({ data }) => data === source).map((r) => r.pictures));
  const several = new Set(unique(named.map(({ data }) => data)).filter((source) => numbers(source).length > 1));
  return named.filter(({ data }) => several.has(data));
}

/** Final results and tuning trials; of successive halving the first round, where all points had the same epochs. */
export function studyResults(study: StudyRow, rows: readonly TrialRow[]): Pick<AnalysisRecords, 'results' | 'trials'> {
  const labels = methodLabels(study);
  const cellOf = new Map(rows.map(({ id, cell }) => [id, cell]));
  return {
    results: finalResults(study, rows).map(
      ({ model, data, seed, params, top1, parameters, seconds, memory, trial }) => ({
        ...{ model, data, seed, top1, parameters, seconds },
        ...(memory !== null && { memory }),
        method: labels[cellOf.get(trial)!]!,
        params: paramsOf(params),
        ...dataFactsOf(study.cells[cellOf.get(trial)!]!),
      }),
    ),
    trials: rows
      .filter(({ phase, round, val }) => phase === 'tune' && round === 0 && val !== null)
      .map(({ cell, point, val, parameters, seconds }) => ({
        model: study.cells[cell]!.model,
        data: study.cells[cell]!.data,
        method: labels[cell]!,
        seed: 0,
        params: paramsOf(point.params),
        valTop1: val!.top1,
        parameters: parameters!,
        seconds: seconds!,
      })),
  };
}

/** The tuning trial whose point was chosen for the final runs, in its last round. */
function chosenTrial(rows: readonly TrialRow[], final: TrialRow): TrialRow | undefined {
  const key = JSON.stringify(final.point.position);
  return rows
    .filter((row) => row.cell === final.cell && row.phase === 'tune' && row.val !== null)
    .filter((row) => JSON.stringify(row.point.position) === key)
    .reduce<TrialRow | undefined>((a, b) => (a && a.round >= b.round ? a : b), undefined);
}

async function setsOf(store: ReadingStore, trial: string, name: string): Promise<Map<string, SetLogits>> {
  const bytes = await store.artifact(trial, name);
  return bytes ? readLogits(`${trial}/${name}`, bytes) : new Map();
}

const samePictures = (a: SetLogits, b: SetLogits): boolean =>
  a.names.length === b.names.length && a.names.every((name, i) => name === b.names[i]);

/** What a cell's final runs left: logits of the first seed that is done, accuracies of all that are. */
interface CellLogits {
  readonly data: string;
  readonly method: string;
  readonly seed: number;
  readonly tests: ReadonlyMap<string, SetLogits>;
  readonly validation: SetLogits | undefined;
  /** Of each seed, where it is kept. */
  readonly wise: readonly WiseRecord[];
  /** By test set, '' the run's own: mean over the seeds. */
  readonly accuracies: ReadonlyMap<string, number>;
  /** Whether the head started as a classifier. */
  readonly zeroShot: boolean;
}

/** The record of WiSE-FT that a run may keep. Throws CheckpointError for a file that is none. */
async function wiseOf(store: ReadingStore, trial: string): Promise<WiseRecord[]> {
  const bytes = await store.artifact(trial, files.wise);
  if (!bytes) return [];
  const record = JSON.parse(new TextDecoder().decode(bytes)) as WiseRecord;
  const whole = (values: unknown) => Array.isArray(values) && values.length === record.alphas.length;
  if (record.format !== 'vitune-wise-1' || !Object.values(record.top1 ?? {}).every(whole))
    throw new CheckpointError(`${trial}/${files.wise}: is no record of WiSE-FT`);
  return [record];
}

/** Mean accuracy of final runs on a test set; undefined where one doesn't store it (older stores keep that of `test` only). */
function overSeeds(finals: readonly TrialRow[], set: string): number | undefined {
  const stored = finals.flatMap(({ tests }) => tests?.[set === '' ? 'test' : set]?.top1 ?? []);
  return stored.length === finals.length ? mean(stored) : undefined;
}

async function cellLogits(store: ReadingStore, study: StudyRow, rows: readonly TrialRow[]): Promise<CellLogits[]> {
  const labels = methodLabels(study);
  const all: CellLogits[] = [];
  for (const [cell, { data }] of study.cells.entries()) {
    const finals = rows.filter((row) => row.cell === cell && row.phase === 'final' && row.state === 'done');
    const [final] = finals;
    if (!final) continue;
    const tests = await setsOf(store, final.id, files.test);
    if (tests.size === 0) continue;
    const tuned = chosenTrial(rows, final);
    const { run } = await store.spec(final.id);
    const amongOwn = shiftsAmongOwnClasses(run.protocol);
    const wise: WiseRecord[] = [];
    for (const { id } of finals) wise.push(...(await wiseOf(store, id)));
    all.push({
      ...{ data, tests, wise, method: labels[cell]!, seed: final.point.seed! },
      accuracies: new Map(
        [...tests].map(([set, logits]) => [set, overSeeds(finals, set) ?? accuracyOn(logits, set !== '' && amongOwn)]),
      ),
      zeroShot: run.training.head === 'zero-shot',
      validation: tuned && (await setsOf(store, tuned.id, files.val)).get(''),
    });
  }
  return all;
}

/** Methods that saw the same pictures as the first one, data set by data set. */
function predictionSets(cells: readonly CellLogits[]): PredictionSet[] {
  return unique(cells.map(({ data }) => data)).flatMap((data): PredictionSet[] => {
    const own = cells.filter((cell) => cell.data === data && cell.tests.has(''));
    const first = own[0]?.tests.get('');
    if (!first) return [];
    const alike = own.filter(({ tests }) => samePictures(first, tests.get('')!));
    const named = ({ method, seed }: CellLogits, logits: SetLogits): Predictions => ({ method, data, seed, ...logits });
    const start = alike[0]!.validation;
    const tuned = start && alike.every(({ validation }) => validation && samePictures(start, validation));
    return [
      {
        data,
        test: alike.map((cell) => named(cell, cell.tests.get('')!)),
        ...(tuned && { validation: alike.map((cell) => named(cell, cell.validation!)) }),
      },
    ];
  });
}

function accuracyOn({ logits, labels, classes }: SetLogits, amongOwn: boolean): number {
  return (amongOwn ? metricsAmongOwn : metricsOf)(logits, labels, classes.length).top1;
}

/** The cells of each method on the sets that have shifted ones; methods without one of these sets are left out. */
function shiftedCells(cells: readonly CellLogits[]): { method: string; own: CellLogits[]; nameOf: NameOf }[] {
  const shifted = cells.filter(({ tests }) => tests.has('') && tests.size > 1);
  const sets = unique(shifted.map(({ data }) => data));
  const nameOf: NameOf = ({ data }, set) => (sets.length > 1 ? `${data}: ${set}` : set);
  return unique(shifted.map(({ method }) => method))
    .map((method) => ({ method, own: shifted.filter((cell) => cell.method === method), nameOf }))
    .filter(({ own }) => own.length === sets.length);
}

type NameOf = (cell: CellLogits, set: string) => string;

/** In-distribution accuracy is the mean over the sets that have shifted ones. */
function robustResults(cells: readonly CellLogits[]): RobustResult[] {
  return shiftedCells(cells).map(({ method, own, nameOf }) => ({
    method,
    inDistribution: mean(own.map(({ accuracies }) => accuracies.get('')!)),
    shifted: Object.fromEntries(
      own.flatMap((cell) =>
        [...cell.accuracies].filter(([set]) => set !== '').map(([set, accuracy]) => [nameOf(cell, set), accuracy]),
      ),
    ),
  }));
}

/** Curves of the methods that have one on every set: means over seeds, in distribution over sets too, as above. */
function wiseCurves(cells: readonly CellLogits[]): WiseCurve[] {
  return shiftedCells(cells).flatMap(({ method, own, nameOf }) => {
    if (own.some(({ wise }) => wise.length === 0)) return [];
    const { alphas } = own[0]!.wise[0]!;
    const curveOf = ({ wise }: CellLogits, set: string) =>
      alphas.map((_, i) => mean(wise.map((w) => w.top1[set]![i]!)));
    const inEach = own.map((cell) => curveOf(cell, 'test'));
    return {
      method,
      alphas,
      inDistribution: alphas.map((_, i) => mean(inEach.map((values) => values[i]!))),
      shifted: Object.fromEntries(
        own.flatMap((cell) =>
          Object.keys(cell.wise[0]!.top1)
            .filter((set) => set !== 'test')
            .map((set) => [nameOf(cell, set), curveOf(cell, set)]),
        ),
      ),
    };
  });
}

/** Where every head started as a classifier. */
function untunedResult(cells: readonly CellLogits[], [curve]: readonly WiseCurve[]): RobustResult | undefined {
  if (!curve || !cells.every(({ zeroShot }) => zeroShot)) return undefined;
  return {
    method: 'before tuning',
    inDistribution: curve.inDistribution[0]!,
    shifted: Object.fromEntries(Object.entries(curve.shifted).map(([set, values]) => [set, values[0]!])),
  };
}

/**
 * Trials with the time that their training took: tests would hide it, most of all with WiSE-FT's curves. Runs trained together
 * count their share of the whole run's time at most.
 */
async function trainedRows(store: ReadingStore, { id }: StudyRow): Promise<TrialRow[]> {
  const inEpochs = await store.epochSeconds(id);
  return (await store.trials(id)).map((row) =>
    row.seconds === null ? row : { ...row, seconds: Math.min(row.seconds, inEpochs.get(row.id) ?? row.seconds) },
  );
}

/** Everything that can be analysed of a study so far. Throws CheckpointError for logits that can't be read. */
export async function analysisRecords(store: ReadingStore, study: StudyRow): Promise<AnalysisRecords> {
  const rows = await trainedRows(store, study);
  const cells = await cellLogits(store, study, rows);
  const wise = wiseCurves(cells);
  return {
    ...studyResults(study, rows),
    predictions: predictionSets(cells),
    robustness: robustResults(cells),
    untuned: untunedResult(cells, wise),
    wise,
  };
}
