// A study of the store as a report: its records, and the choices of its protocol that are easily left unsaid.
import { unique } from '../analysis/collect.ts';
import type { FinalResult, RobustResult } from '../analysis/records.ts';
import { methodNamed, methodNames } from '../methods/index.ts';
import type { GalleryPicture, ProtocolItem, StudyRecords } from '../report/study-records.ts';
import { type AnalysisRecords, analysisRecords, type ReadingStore, shotResults } from './analysis-records.ts';
import type { Plan } from './plan.ts';
import type { StudyRow, TrialRow } from './rows.ts';

export interface ReportExtras {
  /** The published study's results under the same method names. */
  readonly published?: readonly FinalResult[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Pictures of the study's data, made from its predictions. */
  readonly gallery?: (records: AnalysisRecords) => Promise<readonly GalleryPicture[]>;
}

const plural = (n: number, word: string): string => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;

const choices: Readonly<Record<Plan['choose'], string>> = {
  max: 'highest validation accuracy',
  'smallest-in-tie': 'fewest parameters among the points that validation can’t tell from the best',
  smoothed: 'best mean of a point and its neighbours on the grid',
};

function searchWords({ search }: Plan): string {
  switch (search.kind) {
    case 'random':
      return `${plural(search.points, 'grid point')} a cell, drawn with seed ${search.seed}`;
    case 'halving':
      return `successive halving: ${search.epochs.join(', ')} epochs, the best ${(100 * search.keep).toFixed(0)} % go on`;
    case 'recipe':
      return 'none: one value an option';
    default:
      return 'every point of each method’s grid';
  }
}

const listed = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.map(String).join(' | ') : String(value)}`)
    .join(', ');

function protocolOf({ plan, cells }: StudyRow, rows: readonly TrialRow[]): ProtocolItem[] {
  const [failed, skipped] = [
    rows.filter(({ state }) => state === 'failed').length,
    rows.filter((row) => row.skipped && row.state === 'queued').length,
  ];
  const options = plan.data.find((entry) => Object.keys(entry.options).length > 0)?.options;
  return [
    { name: 'Backbones', value: unique(cells.map(({ model }) => model)).join(', ') },
    { name: 'Search', value: searchWords(plan) },
    { name: 'Choice', value: choices[plan.choose], why: 'Made on validation pictures; test pictures choose nothing.' },
    {
      name: 'Final runs',
      value: `the chosen point, trained anew on train and validation together; seed ${plan.seeds.join(', ')}`,
      why: 'They are tested once. Seeds move the start, the order of pictures and augmentation, not the split.',
    },
    {
      name: 'Mistakes and ensembles',
      value: 'predictions of the first seed',
      why: 'Greedy ensembles are chosen on the validation logits of the tuning run that was chosen.',
    },
    { name: 'Training', value: listed(plan.training) || 'defaults of every method and option' },
    ...(plan.preset === undefined ? [] : [{ name: 'Preset', value: plan.preset }]),
    ...(options ? [{ name: 'Data options', value: listed(options) }] : []),
    ...(failed > 0 ? [{ name: 'Failed', value: plural(failed, 'run'), why: 'They are missing in every table.' }] : []),
    ...(skipped > 0 ? [{ name: 'Left out', value: `${plural(skipped, 'tuning run')}: the budget ran out` }] : []),
  ];
}

/** In-distribution accuracies closer than this show no trend that a line could follow. */
const widestTrend = 0.1;

/** The study's own models as the line of effective robustness, where they differ enough in distribution. */
function referenceOf(results: readonly RobustResult[]): { reference?: readonly RobustResult[] } {
  const own = results.map(({ inDistribution }) => inDistribution);
  return Math.max(...own) - Math.min(...own) >= widestTrend ? { reference: results } : {};
}

/** What the analyses follow. */
const unifyingStudy = {
  name: 'unifying-study',
  title:
    'Lessons and Insights from a Unifying Study of Parameter-Efficient Fine-Tuning (PEFT) in Visual Recognition (Mai et al. 2024)',
  url: 'https://arxiv.org/abs/2409.16434',
};

/** The study that the analyses follow, then one entry a method's paper, as its record names it. */
function bibtex({ plan }: StudyRow): string[] {
  const names = unique(plan.methods.flatMap(({ name }) => methodNames(name)));
  const papers = new Map(names.map((name) => [methodNamed(name).paper.url, { name, ...methodNamed(name).paper }]));
  const entry = ({ name, title, url }: { name: string; title: string; url: string }) =>
    `@misc{${name},\n  title        = {${title}},\n  howpublished = {\\url{${url}}}\n}`;
  return [unifyingStudy, ...papers.values()].map(entry);
}

/** The records of a study's report. Throws CheckpointError for logits that can't be read. */
export async function reportRecords(
  store: ReadingStore,
  study: StudyRow,
  { published = [], environment, gallery }: ReportExtras = {},
): Promise<StudyRecords> {
  const records = await analysisRecords(store, study);
  const rows = await store.trials(study.id);
  const { results, trials, predictions, robustness, untuned, wise } = records;
  const count = (names: readonly string[], word: string) => plural(unique(names).length, word);
  const { cells } = study;
  return {
    title: `Study ${study.name}`,
    summary: `${count(
      cells.map(({ method }) => method),
      'method',
    )} on ${count(
      cells.map(({ data }) => data),
      'data set',
    )}, ${count(
      cells.map(({ model }) => model),
      'backbone',
    )}: ${plural(trials.length, 'tuning run')} and ${plural(results.length, 'final run')}${study.status === 'done' ? '' : ' so far; the study isn’t done'}.`,
    ...{ results, trials, predictions, published },
    ...(robustness.length > 0 && {
      robustness: { results: robustness, ...(untuned && { untuned }), ...referenceOf(robustness) },
    }),
    wise,
    shots: shotResults(study, results),
    ...(gallery && { gallery: await gallery(records) }),
    ...(environment && { environment }),
    protocol: protocolOf(study, rows),
    bibtex: bibtex(study),
  };
}
