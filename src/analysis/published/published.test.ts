// The published study's headline results come out of its released files.
import { describe, expect, it } from 'vitest';
import { groupBy } from '../collect.ts';
import { rankAnalysis } from '../ranks.ts';
import { type Cell, toObjects } from '../table.ts';
import { loadPublishedStudy } from './load.ts';
import { asPublishedStudy, publishedTrials, publishedWise } from './study.ts';
import { manyShotResults, publishedSections, publishedTopics, vtabResults } from './tables.ts';

const study = loadPublishedStudy();
const percent = (cell: Cell | undefined): number => Math.round(10_000 * (cell as number)) / 100;

function rows(topic: (typeof publishedTopics)[number], name: string): Record<string, Cell>[] {
  return toObjects(publishedSections(study, topic).find((s) => s.name === name)!.table);
}

describe('the published study', () => {
  it('has all results and trials', () => {
    expect(study.results.length).toBe(503);
    expect(study.results.reduce((n, r) => n + r.trials.val_top1!.length, 0)).toBe(13_274);
    expect(study.grids.length).toBe(19);
  });

  it('chose by validation accuracy: the stored best point is the best of each VTAB grid', () => {
    for (const r of study.results.filter(({ protocol }) => protocol === 'vtab'))
      expect(r.trials.val_top1![r.best], `${r.set} ${r.method}`).toBe(Math.max(...r.trials.val_top1!));
  });

  it('has the means of VTAB-1k', () => {
    const means = new Map(rows('vtab', 'means').map((r) => [r.method, percent(r.mean)]));
    expect(means.size).toBe(16);
    expect(Object.fromEntries(means)).toMatchObject({
      ConvPass: 74.23,
      Houlsby: 74.03,
      AdaptFormer: 73.72,
      LoRA: 72.91,
      BitFit: 72.18,
      Full: 58.49,
      Linear: 55.86,
    });
  });

  it('has the best method of each group', () => {
    expect(rows('vtab', 'best').map((r) => [r.group, r.method, percent(r.mean)])).toEqual([
      ['natural', 'DiffFit', 81.75],
      ['specialised', 'Houlsby', 85.61],
      ['structured', 'ConvPass', 62.35],
      ['all', 'ConvPass', 74.23],
    ]);
  });

  it('ranks ConvPass first, but not apart from most methods', () => {
    const ranks = rankAnalysis(vtabResults(study))!;
    expect(ranks.sets).toBe(19);
    expect(ranks.incomplete).toEqual([]);
    expect(ranks.friedman.p).toBeLessThan(1e-10);
    expect(ranks.difference).toBeCloseTo(5.29, 2); // Demsar's table: q 3.426 for 16 methods, over 19 sets
    expect(ranks.groups[0]!.slice(0, 3)).toEqual(['ConvPass', 'Houlsby', 'AdaptFormer']);
    expect(ranks.groups[0]!.length).toBe(12);
    expect(ranks.words).toContain('cannot be told apart from 11 other methods');
  });

  it('shows which methods depend on their hyper-parameters', () => {
    const loss = new Map(rows('vtab', 'sensitivity').map((r) => [r.method, percent(r.loss)]));
    expect(loss.get('AdaptFormer')).toBe(3.9);
    expect(loss.get('LoRA')).toBe(20.41);
    const effects = rows('vtab', 'effects');
    const main = effects.find((r) => r.method === 'Full' && r.parameter === 'lr')!;
    expect([main.best, percent(main.explained)]).toEqual(['0.001', 96.59]);
  });

  it('has curves from few pictures to all', () => {
    const bitfit = manyShotResults(study).filter((r) => r.method === 'BitFit' && r.data === 'CIFAR-100');
    expect(bitfit.map((r) => [r.pictures, percent(r.top1)]).sort((a, b) => a[0]! - b[0]!)).toEqual([
      [500, 80.83],
      [1000, 86.31],
      [50_000, 92.52],
    ]);
  });

  it("has full fine-tuning's WiSE-FT curve", () => {
    const full = publishedWise(study).find((c) => c.method === 'full')!;
    expect(full.alphas).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    expect([0, 6, 10].map((i) => percent(full.inDistribution[i]))).toEqual([67.69, 77.73, 74.95]);
    expect([0, 10].map((i) => percent(full.shifted['imagenet-a']![i]))).toEqual([48.89, 18.43]);
    const best = full.inDistribution.indexOf(Math.max(...full.inDistribution));
    expect(full.alphas[best]).toBe(0.6);
  });

  it('gains most from WiSE-FT with full fine-tuning, shifted labels or not', () => {
    const choices = rows('wise', 'choice');
    expect(choices.length).toBe(9);
    expect(choices[0]).toMatchObject({ method: 'Full', blindAlpha: 0.3, seenAlpha: 0.4 });
    expect(percent(choices[0]!.blindShiftedGain)).toBe(17.94);
    expect(percent(choices[1]!.blindShiftedGain)).toBe(4.54);
  });

  it('keeps robustness with few parameters, not with full fine-tuning', () => {
    const table = rows('robustness', 'shifts');
    const kept = new Map(table.map((r) => [r.method, percent(r.kept)]));
    expect(kept.get('CLIP, not tuned')).toBe(0);
    expect(kept.get('Houlsby')).toBe(-1.74);
    expect(kept.get('Full')).toBe(-16.17);
    expect(percent(table.find((r) => r.method === 'Full')!.inDistribution)).toBe(74.95);
  });

  it('gives the same 516 grid points for each of 19 sets', () => {
    const trials = publishedTrials(study, 'vtab');
    const bySet = groupBy(trials, (t) => t.data);
    expect(bySet.size).toBe(19);
    const [first, ...others] = [...bySet.values()].map(
      (ts) => new Set(ts.map((t) => JSON.stringify([t.method, t.params]))),
    );
    expect(first!.size).toBe(516);
    for (const set of others) expect(set).toEqual(first);
  });

  it('refuses another file', () => {
    expect(() => asPublishedStudy([])).toThrow(/expected methods, sets, grids and results/);
    expect(() => asPublishedStudy(null)).toThrow(/npm run published/);
  });

  it.each(publishedTopics)('tables of %s are whole: every row has every column, no NaN', (topic) => {
    for (const { table } of publishedSections(study, topic))
      for (const row of table.rows) {
        expect(row.length).toBe(table.columns.length);
        expect(row.some((cell) => Number.isNaN(cell))).toBe(false);
      }
  });
});
