// The published study's tables, recomputed from its released files by the same functions that serve anyone's study.
import { accuracyTable, bestPerGroup } from '../accuracy.ts';
import { paretoTable } from '../pareto.ts';
import { rankAnalysis } from '../ranks.ts';
import type { FinalResult, TrialResult } from '../records.ts';
import { robustnessTable } from '../robustness.ts';
import { effectsTable, sensitivityTable } from '../sensitivity.ts';
import { shotsTable } from '../shots.ts';
import type { Table } from '../table.ts';
import { wiseChoiceTable, wiseTable } from '../wise.ts';
import {
  methodTitle,
  type PublishedStudy,
  publishedResults,
  publishedRobustness,
  publishedTrials,
  publishedWise,
  setTitle,
} from './study.ts';

export interface Section {
  /** Key in JSON. */
  readonly name: string;
  readonly title: string;
  /** One sentence to read before the table. */
  readonly note: string;
  readonly table: Table;
}

export const publishedTopics = ['vtab', 'many-shot', 'robustness', 'wise'] as const;
export type PublishedTopic = (typeof publishedTopics)[number];

/** Methods and sets under the paper's spelling. */
function titled<T extends FinalResult | TrialResult>(study: PublishedStudy, rows: readonly T[]): T[] {
  return rows.map((r) => ({ ...r, method: methodTitle(study, r.method), data: setTitle(study, r.data) }));
}

/** VTAB-1k's results with the paper's names. */
export const vtabResults = (study: PublishedStudy): FinalResult[] => titled(study, publishedResults(study, 'vtab'));

/** VTAB-1k's tuning trials with the paper's names. */
export const vtabTrials = (study: PublishedStudy): TrialResult[] => titled(study, publishedTrials(study, 'vtab'));

/**
 * From 225 and 500 pictures over VTAB-1k's 1,000 to all. Few and all come in sizes, of which each method's best counts; the
 * 1,000 of CIFAR-100 are those with augmentation, as few and all are.
 */
export function manyShotResults(study: PublishedStudy): FinalResult[] {
  const augmented = publishedResults(study, '1k-augmented');
  const plain = publishedResults(study, 'vtab').filter((r) => augmented.every(({ data }) => data !== r.data));
  const sized = publishedResults(study, 'many-shot');
  const best = new Map<string, FinalResult>();
  for (const r of sized) {
    const method = r.method.split(' ')[0]!;
    const key = `${r.data} ${r.pictures} ${method}`;
    if (r.top1 > (best.get(key)?.top1 ?? -1)) best.set(key, { ...r, method });
  }
  const sets = new Set(sized.map((r) => r.data));
  const methods = new Set([...best.values()].map((r) => r.method));
  const thousand = [...augmented, ...plain].filter((r) => sets.has(r.data) && methods.has(r.method));
  return titled(study, [...thousand, ...best.values()]);
}

function vtab(study: PublishedStudy): Section[] {
  const results = vtabResults(study);
  const trials = vtabTrials(study);
  const ranks = rankAnalysis(results)!;
  const summary = accuracyTable(results);
  const short = summary.columns.map((c, i) => [c, i] as const).filter(([c]) => /^(method|mean|group:.*)$/.test(c.name));
  return [
    {
      name: 'means',
      title: 'VTAB-1k: mean top-1 over 19 sets and by group',
      note: 'Accuracy of the last epoch. One run a cell was released, so there are no intervals over seeds.',
      table: { columns: short.map(([c]) => c), rows: summary.rows.map((row) => short.map(([, i]) => row[i]!)) },
    },
    { name: 'best', title: 'Best method of each group', note: 'By mean over its sets.', table: bestPerGroup(results) },
    {
      name: 'ranks',
      title: 'Mean ranks over 19 sets',
      note: `Friedman p ${ranks.friedman.p < 0.001 ? '< 0.001' : `= ${ranks.friedman.p.toFixed(3)}`}; critical difference ${ranks.difference.toFixed(2)} (Nemenyi, 0.05). ${ranks.words}`,
      table: ranks.table,
    },
    {
      name: 'parameters',
      title: 'Accuracy against trainable parameters',
      note: 'Without the head; mean over the sets, since the tuned size differs from set to set.',
      table: paretoTable(results, 'parameters')!,
    },
    {
      name: 'sensitivity',
      title: 'Sensitivity to hyper-parameters',
      note: 'Validation accuracy (200 pictures) over each grid; a blind choice is a random grid point.',
      table: sensitivityTable(trials),
    },
    {
      name: 'effects',
      title: 'Which hyper-parameter matters',
      note: "Share of a method's variance inside each set that one hyper-parameter alone explains.",
      table: effectsTable(trials),
    },
    { name: 'sets', title: 'Every set', note: 'Top-1 of the last epoch.', table: summary },
  ];
}

function manyShot(study: PublishedStudy): Section[] {
  return [
    {
      name: 'curves',
      title: 'From few pictures to all',
      note: 'Best size of each method; 1,000 pictures are those of VTAB-1k, with its own grid (CIFAR-100: with augmentation, as the others).',
      table: shotsTable(manyShotResults(study)),
    },
    {
      name: 'sizes',
      title: 'Every size',
      note: 'The number after a method is its rank or bottleneck.',
      table: shotsTable(titled(study, publishedResults(study, 'many-shot'))),
    },
  ];
}

function robustness(study: PublishedStudy): Section[] {
  const results = publishedRobustness(study).map((r) => ({ ...r, method: methodTitle(study, r.method) }));
  const untuned = publishedWise(study)[0]!;
  const zeroShot = {
    method: 'CLIP, not tuned',
    inDistribution: untuned.inDistribution[0]!,
    shifted: Object.fromEntries(Object.entries(untuned.shifted).map(([name, values]) => [name, values[0]!])),
  };
  return [
    {
      name: 'shifts',
      title: 'CLIP ViT-B/16 tuned on ImageNet (100 a class): in distribution and shifted',
      note: 'Gap: in distribution less shifted. Kept: shifted accuracy against CLIP before tuning.',
      table: robustnessTable(results, { untuned: zeroShot }),
    },
  ];
}

function wise(study: PublishedStudy): Section[] {
  const curves = publishedWise(study).map((c) => ({ ...c, method: methodTitle(study, c.method) }));
  return [
    {
      name: 'choice',
      title: 'WiSE-FT: chosen alpha, and what it gains over the tuned model',
      note: 'Without shifted labels: the smallest alpha that loses nothing in distribution. With: the best mean of both.',
      table: wiseChoiceTable(curves),
    },
    { name: 'curves', title: 'WiSE-FT curves', note: 'Alpha 0 is CLIP, 1 the tuned model.', table: wiseTable(curves) },
  ];
}

const topics: Readonly<Record<PublishedTopic, (study: PublishedStudy) => Section[]>> = {
  vtab,
  'many-shot': manyShot,
  robustness,
  wise,
};

/** The sections of one topic, each a table with its title and how to read it. */
export const publishedSections = (study: PublishedStudy, topic: PublishedTopic): Section[] => topics[topic](study);
