// WiSE-FT (Wortsman et al. 2022): the curve over the interpolation weight alpha, and the alpha to choose, with labels of
// shifted pictures and without any.
import { indexOfMax, mean } from './collect.ts';
import type { WiseCurve } from './records.ts';
import { column, type Table } from './table.ts';

const shiftedMeans = ({ alphas, shifted }: WiseCurve): number[] =>
  alphas.map((_, i) => mean(Object.values(shifted).map((values) => values[i]!)));

/** One row a method and alpha. */
export function wiseTable(curves: readonly WiseCurve[]): Table {
  const shifts = [...new Set(curves.flatMap((c) => Object.keys(c.shifted)))];
  return {
    columns: [
      column('method', 'Method', 'text'),
      column('alpha', 'Alpha', 'number'),
      column('inDistribution', 'In distribution', 'share'),
      column('shifted', 'Mean of shifted', 'share'),
      ...shifts.map((s) => column(`shift:${s}`, s, 'share')),
    ],
    rows: curves.flatMap((c) => {
      const means = shiftedMeans(c);
      return c.alphas.map((alpha, i) => [
        c.method,
        alpha,
        c.inDistribution[i]!,
        Number.isNaN(means[i]) ? null : means[i]!,
        ...shifts.map((s) => c.shifted[s]?.[i] ?? null),
      ]);
    }),
  };
}

export interface ChosenAlpha {
  readonly alpha: number;
  readonly inDistribution: number;
  readonly shifted: number;
}

function at(curve: WiseCurve, index: number): ChosenAlpha {
  return {
    alpha: curve.alphas[index]!,
    inDistribution: curve.inDistribution[index]!,
    shifted: shiftedMeans(curve)[index]!,
  };
}

/** With shifted labels: the best mean of in-distribution accuracy and mean shifted accuracy. */
export function chooseWithShiftedLabels(curve: WiseCurve): ChosenAlpha {
  const shifted = shiftedMeans(curve);
  return at(curve, indexOfMax(curve.inDistribution.map((a, i) => (a + shifted[i]!) / 2)));
}

/**
 * Without shifted labels: the smallest alpha whose in-distribution accuracy is no lower than that of the tuned model
 * (alpha 1): what is free to give back is given back to the model before tuning, which is the more robust one.
 */
export function chooseWithoutShiftedLabels(curve: WiseCurve): ChosenAlpha {
  const tuned = curve.inDistribution.at(-1)!;
  return at(
    curve,
    curve.inDistribution.findIndex((accuracy) => accuracy >= tuned),
  );
}

/** One row a method: tuned model, and both choices of alpha with what they give; largest gain on shifted sets first. */
export function wiseChoiceTable(curves: readonly WiseCurve[]): Table {
  const rows = curves.map((curve) => {
    const tuned = at(curve, curve.alphas.length - 1);
    const blind = chooseWithoutShiftedLabels(curve);
    const seen = chooseWithShiftedLabels(curve);
    return [
      curve.method,
      tuned.inDistribution,
      tuned.shifted,
      blind.alpha,
      blind.inDistribution - tuned.inDistribution,
      blind.shifted - tuned.shifted,
      seen.alpha,
      seen.inDistribution - tuned.inDistribution,
      seen.shifted - tuned.shifted,
    ];
  });
  return {
    columns: [
      column('method', 'Method', 'text'),
      column('inDistribution', 'Tuned, in distribution', 'share'),
      column('shifted', 'Tuned, shifted', 'share'),
      column('blindAlpha', 'Alpha without shifted labels', 'number'),
      column('blindGain', 'Gain in distribution', 'points'),
      column('blindShiftedGain', 'Gain shifted', 'points'),
      column('seenAlpha', 'Alpha with shifted labels', 'number'),
      column('seenGain', 'Gain in distribution', 'points'),
      column('seenShiftedGain', 'Gain shifted', 'points'),
    ],
    rows: rows.sort((a, b) => (b[5] as number) - (a[5] as number)),
  };
}
