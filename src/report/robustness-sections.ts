// The sections on shifted sets: what tuning keeps, and going back towards the model before tuning.
import { mean } from '../analysis/collect.ts';
import { robustnessTable } from '../analysis/robustness.ts';
import { formatCell, toObjects } from '../analysis/table.ts';
import { wiseChoiceTable, wiseTable } from '../analysis/wise.ts';
import { figureMarkup } from './figure.ts';
import { panels } from './figures/panels.ts';
import { scatter } from './figures/scatter.ts';
import { markup } from './markup.ts';
import type { ReportSection } from './section.ts';
import type { StudyRecords } from './study-records.ts';
import { tableMarkup } from './table-markup.ts';
import { percent } from './words.ts';

export function robustnessSection({ robustness, highlight = [] }: StudyRecords): ReportSection | undefined {
  if (!robustness || robustness.results.length === 0) return undefined;
  const { untuned, results } = robustness;
  const table = robustnessTable(results, robustness);
  const rows = toObjects(table);
  const tuned = rows.filter((r) => r.method !== untuned?.method);
  const [first, last] = [tuned[0]!, tuned.at(-1)!];
  const finding = `On shifted sets ${first.method} keeps most (${percent(first.shifted as number)} %), ${last.method} least (${percent(last.shifted as number)} %).`;
  return {
    id: 'robustness',
    short: 'Robustness',
    title: 'Does tuning cost robustness?',
    finding,
    body: figureMarkup({
      id: 'robustness-scatter',
      title: 'Accuracy in distribution and on shifted sets',
      description: finding,
      caption: `${finding} Mean of ${Object.keys(results[0]!.shifted).join(', ')}. Up and to the right is better.`,
      draw: (width) =>
        scatter(
          {
            points: rows.map((r) => ({
              label: String(r.method),
              x: r.inDistribution as number,
              y: r.shifted as number,
              highlight: [...highlight, untuned?.method].includes(String(r.method)),
            })),
            xTitle: 'in distribution, top-1, %',
            yTitle: 'mean of shifted sets, top-1, %',
            xKind: 'share',
          },
          width,
        ),
      table,
    }),
    tables: [{ caption: 'Accuracy in distribution and on shifted sets (%).', table }],
  };
}

export function wiseSection({ wise = [] }: StudyRecords): ReportSection | undefined {
  if (wise.length === 0) return undefined;
  const table = wiseChoiceTable(wise);
  const [first] = toObjects(table);
  const finding = `Interpolating with the model before tuning helps ${first!.method} most: ${percent(first!.blindShiftedGain as number)} points on shifted sets at alpha ${first!.blindAlpha}, with no loss in distribution.`;
  const gains = new Map(toObjects(table).map((r) => [r.method, r]));
  const curves = wise.map((c) => {
    const shifted = c.alphas.map((_, i) => mean(Object.values(c.shifted).map((v) => v[i]!)));
    const row = gains.get(c.method)!;
    return {
      label: c.method,
      note: `alpha ${row.blindAlpha}: ${formatCell(row.blindShiftedGain!, 'points')} shifted`,
      points: c.inDistribution.map((x, i) => [x, shifted[i]!] as const),
      tips: c.alphas.map((a) => `alpha ${a}`),
    };
  });
  return {
    id: 'wise',
    short: 'WiSE-FT',
    title: 'Back towards the model before tuning (WiSE-FT)',
    finding,
    body: [
      figureMarkup({
        id: 'wise-curves',
        title: 'In distribution and shifted, for alpha from 0 to 1',
        description: `${finding} One panel a method; each curve starts at the untuned model (alpha 0) and ends at the tuned one (alpha 1).`,
        caption:
          'From the untuned model (ring, alpha 0) to the tuned one (large dot, alpha 1) in steps of 0.1; the other methods are grey. Up and to the right is better. Noted: the smallest alpha that loses nothing in distribution, and what it gains on shifted sets over the tuned model.',
        draw: (width) =>
          panels({ curves, xTitle: 'in distribution, top-1, %', yTitle: 'mean of shifted sets, top-1, %' }, width),
        table: wiseTable(wise),
      }),
      markup`<h3>Chosen alpha</h3>`,
      tableMarkup(table, 'Chosen alpha'),
    ],
    tables: [{ caption: 'WiSE-FT: chosen alpha and gains in points.', table }],
  };
}
