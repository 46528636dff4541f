// The published study's grid points as options of ours, and in which order to try them for a method: the greedy portfolio of
// its trials over the 19 sets of VTAB-1k.
import { greedyPortfolio } from '../analysis/advise/portfolio.ts';
import { scoreGrid } from '../analysis/advise/score-grid.ts';
import { type PublishedStudy, publishedTrials } from '../analysis/published/study.ts';
import type { Params } from '../analysis/records.ts';
import { methodNamed } from '../methods/index.ts';

/** A grid point, ready for a run: the method's own options, and training's. */
export interface StartPoint {
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly training: { readonly learningRate: number; readonly weightDecay: number };
}

/** The study's hyper-parameters by the ends of their names (`adapter_scaler`), and what ours may be called. */
const ends: readonly (readonly [end: string, ours: readonly string[]])[] = [
  ['_bottleneck', ['bottleneck', 'rank']],
  ['_dim', ['rank']],
  ['_scaler', ['scale']],
  ['_num', ['prompts']],
  ['_xavier_init', ['xavierConv']],
];

function startPoint(method: string, { lr, wd, ...rest }: Params): StartPoint {
  const table = methodNamed(method).options;
  const options = Object.entries(rest).map(([name, value]) => {
    const ours = ends.find(([end]) => name.endsWith(end))?.[1].find((option) => option in table);
    return [ours ?? name, value as number | boolean] as const;
  });
  return { options: Object.fromEntries(options), training: { learningRate: Number(lr), weightDecay: Number(wd) } };
}

/** The first `count` points of a method to try, best first; empty where the study has no trials of it. */
export function warmStart(study: PublishedStudy, method: string, count: number): StartPoint[] {
  const grid = scoreGrid(publishedTrials(study, 'vtab').filter((trial) => trial.method === method));
  return greedyPortfolio(grid, count).map((p) => startPoint(method, grid.points[p]!.params));
}
