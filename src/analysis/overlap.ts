// The study's Venn view: take each method's k most or least confident right or wrong predictions; how many pictures are in
// one method's list only, in two, in all? (arXiv 2409.16434)
import { assertSamePictures, confidences, correctness } from './predictions.ts';
import type { Predictions } from './records.ts';
import { column, type Table } from './table.ts';

export type Pick = 'confident-right' | 'confident-wrong' | 'unsure-right' | 'unsure-wrong';

/** In words. */
export const pickNames: Readonly<Record<Pick, string>> = {
  'confident-right': 'most confident right predictions',
  'confident-wrong': 'most confident wrong predictions',
  'unsure-right': 'least confident right predictions',
  'unsure-wrong': 'least confident wrong predictions',
};

export const picks = Object.keys(pickNames) as readonly Pick[];

/** Indices of the k pictures: fewer where the method has fewer right (or wrong) ones. Among equals the earlier picture. */
export function pickPictures(predictions: Predictions, pick: Pick, k: number): number[] {
  const right = correctness(predictions);
  const confidence = confidences(predictions);
  const wanted = pick.endsWith('right') ? 1 : 0;
  const sign = pick.startsWith('confident') ? -1 : 1;
  return [...right.keys()]
    .filter((i) => right[i] === wanted)
    .sort((a, b) => sign * (confidence[a]! - confidence[b]!) || a - b)
    .slice(0, k);
}

/** Every region of the Venn diagram that isn't empty: the methods whose lists hold its pictures, and how many they are. */
export function vennTable(predictions: readonly Predictions[], pick: Pick, k: number): Table {
  assertSamePictures(predictions);
  const lists = predictions.map((p) => new Set(pickPictures(p, pick, k)));
  const pictures = new Set(lists.flatMap((list) => [...list]));
  const regions = new Map<string, { readonly methods: string[]; pictures: number }>();
  for (const picture of pictures) {
    const methods = predictions.filter((_, i) => lists[i]!.has(picture)).map((p) => p.method);
    const key = JSON.stringify(methods);
    const region = regions.get(key) ?? { methods, pictures: 0 };
    region.pictures++;
    regions.set(key, region);
  }
  return {
    columns: [
      column('methods', 'In the lists of', 'text'),
      column('count', 'Methods', 'count'),
      column('pictures', 'Pictures', 'count'),
      column('share', 'Share of all listed', 'share'),
    ],
    rows: [...regions.values()]
      .sort((a, b) => a.methods.length - b.methods.length || b.pictures - a.pictures)
      .map((r) => [r.methods.join(', '), r.methods.length, r.pictures, r.pictures / pictures.size]),
  };
}

/** Share of the first method's list that the second's holds too: one number a pair, for a heat map. */
export function pickOverlapMatrix(predictions: readonly Predictions[], pick: Pick, k: number): Table {
  assertSamePictures(predictions);
  const lists = predictions.map((p) => pickPictures(p, pick, k));
  const sets = lists.map((list) => new Set(list));
  return {
    columns: [column('method', 'Method', 'text'), ...predictions.map((p) => column(p.method, p.method, 'share'))],
    rows: predictions.map((p, i) => [
      p.method,
      ...sets.map((other) =>
        lists[i]!.length === 0 ? null : lists[i]!.filter((picture) => other.has(picture)).length / lists[i]!.length,
      ),
    ]),
  };
}
