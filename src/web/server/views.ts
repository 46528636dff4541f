// What pages show of a study: its analyses as sections, its predictions without their logits. Made once for each state of a
// study, since both read all its logits.

import { ensembleTable } from '../../analysis/ensemble.ts';
import type { Pick } from '../../analysis/overlap.ts';
import { confidences, predictedClasses } from '../../analysis/predictions.ts';
import { loadPublishedStudy } from '../../analysis/published/load.ts';
import { publishedResults } from '../../analysis/published/study.ts';
import type { Predictions } from '../../analysis/records.ts';
import type { Table } from '../../analysis/table.ts';
import { DataError } from '../../base/errors.ts';
import { markup } from '../../report/markup.ts';
import { overlapView } from '../../report/prediction-sections.ts';
import { renderReport, reportSections } from '../../report/report.ts';
import type { StudyRecords } from '../../report/study-records.ts';
import { reportRecords } from '../../study/report-records.ts';
import type { StudyRow } from '../../study/rows.ts';
import { vituneVersion } from '../../train/environment.ts';
import type { PredictionView, Section } from '../api.ts';
import { galleryOf } from './gallery.ts';
import type { StudyPictures } from './pictures.ts';
import type { StoreLease } from './store-lease.ts';

export interface Views {
  sections(study: StudyRow): Promise<readonly Section[]>;
  report(study: StudyRow): Promise<string>;
  predictions(study: StudyRow): Promise<readonly PredictionView[]>;
  /** Ensembles of some methods on a data set; undefined where they aren't there. */
  ensembles(study: StudyRow, data: string, members: readonly string[]): Promise<Table | undefined>;
  /** Markup: what the methods' lists of `k` picked pictures have in common; undefined where there are no two methods. */
  overlap(study: StudyRow, data: string, pick: Pick, k: number): Promise<string | undefined>;
}

/** Studies whose logits are kept in memory. */
const mostStudies = 2;

const predictionView = ({ data, test }: NonNullable<StudyRecords['predictions']>[number]): PredictionView => {
  const { classes, names, labels } = test[0]!;
  return {
    ...{ data, classes, names },
    labels: Array.from(labels),
    methods: test.map((p) => ({
      method: p.method,
      predicted: Array.from(predictedClasses(p.logits, p.classes.length)),
      confidence: Array.from(confidences(p), (x) => Math.round(1e4 * x) / 1e4),
    })),
  };
};

export function views(lease: StoreLease, pictures: StudyPictures): Views {
  const kept = new Map<string, { readonly state: string; readonly records: Promise<StudyRecords> }>();
  const published = publishedResults(loadPublishedStudy(), 'vtab');
  const environment = { vitune: vituneVersion, Node: process.version };

  async function recordsOf(study: StudyRow): Promise<StudyRecords> {
    const rows = await lease.use((store) => store.trials(study.id));
    const state = `${study.status} ${rows.filter((row) => row.state === 'done').length}`;
    const known = kept.get(study.id);
    if (known?.state === state) return known.records;
    const records = lease.use((store) => reportRecords(store, study, { published, environment }));
    kept.delete(study.id);
    kept.set(study.id, { state, records });
    records.catch(() => kept.delete(study.id));
    if (kept.size > mostStudies) kept.delete(kept.keys().next().value!);
    return records;
  }

  return {
    async sections(study) {
      return reportSections(await recordsOf(study)).map(({ id, short, title, finding, body }) => ({
        ...{ id, short, title },
        ...(finding !== undefined && { finding }),
        html: markup`${body}`.html,
      }));
    },
    async report(study) {
      const records = await recordsOf(study);
      const { predictions = [] } = records;
      // The report is worth having where the data are gone: then its gallery is a list.
      const gallery = await lease
        .use((store) => galleryOf(store, study, { predictions }, pictures))
        .catch((error: unknown) => {
          if (error instanceof DataError) return [];
          throw error;
        });
      return renderReport({ ...records, gallery });
    },
    predictions: async (study) => ((await recordsOf(study)).predictions ?? []).map(predictionView),
    async ensembles(study, data, members) {
      const set = (await recordsOf(study)).predictions?.find((p) => p.data === data);
      const chosen = (all: readonly Predictions[] = []) => all.filter(({ method }) => members.includes(method));
      const test = chosen(set?.test);
      if (test.length === 0 || test.length < members.length) return undefined;
      return ensembleTable(test, set?.validation && chosen(set.validation));
    },
    async overlap(study, data, pick, k) {
      const set = (await recordsOf(study)).predictions?.find((p) => p.data === data);
      return set && set.test.length > 1 ? markup`${overlapView(set, pick, k)}`.html : undefined;
    },
  };
}
