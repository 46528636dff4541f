// The published study (arXiv 2409.16434) as records: its results and tuning trials, from the packed form that
// reference/README.md describes. Pure: the file is read in load.ts.
import { DataError } from '../../base/errors.ts';
import type { FinalResult, Params, RobustResult, TrialResult, WiseCurve } from '../records.ts';

export type Protocol = 'vtab' | 'vtab-augmented' | '1k-augmented' | 'many-shot' | 'robustness';

interface PackedResult {
  readonly protocol: Protocol;
  readonly set: string;
  readonly pictures: number;
  readonly method: string;
  readonly size?: number;
  readonly test: number;
  readonly bestEpochTest: number;
  readonly parameters: number;
  readonly grid: number;
  readonly best: number;
  readonly trials: Readonly<Record<string, readonly number[]>>;
  readonly shifts?: Readonly<Record<string, number>>;
  readonly wise?: Readonly<Record<string, readonly number[]>>;
}

export interface PublishedStudy {
  readonly source: { readonly paper: string; readonly released: string };
  readonly methods: readonly {
    readonly name: string;
    readonly title: string;
    readonly trains: 'head' | 'few' | 'all';
    /** The hyper-parameter that counts added tokens. */
    readonly prompts?: string;
  }[];
  readonly sets: readonly { readonly name: string; readonly title: string; readonly group: string }[];
  readonly grids: readonly {
    readonly names: readonly string[];
    readonly points: readonly (readonly (number | boolean)[])[];
  }[];
  readonly results: readonly PackedResult[];
}

/** The value of JSON.parse, taken as the study. Throws DataError where it's another file. */
export function asPublishedStudy(value: unknown): PublishedStudy {
  const study = value as PublishedStudy;
  if (!Array.isArray(study?.results) || !Array.isArray(study.grids) || !Array.isArray(study.methods))
    throw new DataError(
      'published study: expected methods, sets, grids and results; npm run published makes the file anew',
    );
  return study;
}

function paramsAt(study: PublishedStudy, grid: number, point: number): Params {
  const { names, points } = study.grids[grid]!;
  return Object.fromEntries(names.map((name, i) => [name, points[point]![i]!]));
}

const groupOf = (study: PublishedStudy, set: string): string =>
  study.sets.find(({ name }) => name === set)?.group ?? 'other';

/** Results in the order of the list of sets (natural, specialised, structured), then of the release. */
function ofProtocol(study: PublishedStudy, protocol: Protocol): PackedResult[] {
  const place = new Map(study.sets.map(({ name }, i) => [name, i]));
  return study.results.filter((r) => r.protocol === protocol).sort((a, b) => place.get(a.set)! - place.get(b.set)!);
}

/** A method of the many-shot protocol with its size, e.g. `lora 8`. */
export const variantName = ({ method, size }: { method: string; size?: number }): string =>
  size === undefined ? method : `${method} ${size}`;

/**
 * The test results of one protocol; the seed is 0, since one run a cell was released. In the many-shot protocol each rank
 * or bottleneck is a method of its own (`lora 8`).
 */
export function publishedResults(study: PublishedStudy, protocol: Protocol): FinalResult[] {
  return ofProtocol(study, protocol).map((r) => ({
    model: protocol === 'robustness' ? 'clip-vit-b16' : 'vit-b16-in21k',
    data: r.set,
    group: groupOf(study, r.set),
    method: protocol === 'many-shot' ? variantName(r) : r.method,
    seed: 0,
    params: paramsAt(study, r.grid, r.best),
    top1: r.test / 100,
    pictures: r.pictures,
    parameters: r.parameters,
  }));
}

/** The tuning trials of one protocol, in the order of the release. Their parameter counts weren't released. */
export function publishedTrials(study: PublishedStudy, protocol: Protocol): TrialResult[] {
  return ofProtocol(study, protocol).flatMap((r) =>
    r.trials.val_top1!.map((top1, point) => ({
      model: protocol === 'robustness' ? 'clip-vit-b16' : 'vit-b16-in21k',
      data: r.set,
      group: groupOf(study, r.set),
      method: variantName(r),
      seed: 0,
      params: paramsAt(study, r.grid, point),
      valTop1: top1 / 100,
    })),
  );
}

const share = (percent: number): number => percent / 100;

/** WiSE-FT curves of the robustness protocol, for the methods whose curves were released. */
export function publishedWise(study: PublishedStudy): WiseCurve[] {
  return study.results.flatMap(({ method, wise }) => {
    if (!wise) return [];
    const { 'in-distribution': inDistribution, ...shifted } = wise;
    return {
      method,
      alphas: inDistribution!.map((_, i) => i / (inDistribution!.length - 1)),
      inDistribution: inDistribution!.map(share),
      shifted: Object.fromEntries(Object.entries(shifted).map(([name, values]) => [name, values.map(share)])),
    };
  });
}

/** Accuracy of the tuned CLIP models in distribution and on the shifted sets. */
export function publishedRobustness(study: PublishedStudy): RobustResult[] {
  return study.results.flatMap(({ method, shifts }) => {
    if (!shifts) return [];
    const { 'in-distribution': inDistribution, ...shifted } = shifts;
    return {
      method,
      inDistribution: share(inDistribution!),
      shifted: Object.fromEntries(Object.entries(shifted).map(([name, value]) => [name, share(value)])),
    };
  });
}

/** The paper's spelling of a method's name; the name itself where the paper has none. */
export function methodTitle(study: PublishedStudy, name: string): string {
  const [method, size] = name.split(' ');
  const title = study.methods.find((m) => m.name === method)?.title ?? method!;
  return size === undefined ? title : `${title} ${size}`;
}

/** The paper's spelling of a set's name. */
export const setTitle = (study: PublishedStudy, name: string): string =>
  study.sets.find((s) => s.name === name)?.title ?? name;
