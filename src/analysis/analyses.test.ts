// Analyses of records small enough to work out by hand.
import { describe, expect, it } from 'vitest';
import { accuracyTable, bestPerGroup, pictureInterval, scoreTable } from './accuracy.ts';
import { agreementMatrix, errorOverlapMatrix } from './agreement.ts';
import { compare, comparisonTable, holm } from './compare.ts';
import { ensembleScores, ensembleTable, greedySelection } from './ensemble.ts';
import { onlyOneRight, oracleTable } from './oracle.ts';
import { pickOverlapMatrix, pickPictures, vennTable } from './overlap.ts';
import { paretoTable } from './pareto.ts';
import { perClassTable } from './per-class.ts';
import { confidences, predictedClasses } from './predictions.ts';
import { besidePublished } from './published/beside.ts';
import { rankAnalysis } from './ranks.ts';
import type { FinalResult, Predictions, TrialResult, WiseCurve } from './records.ts';
import { robustnessTable, trendAt } from './robustness.ts';
import { effectsTable, sensitivityTable } from './sensitivity.ts';
import { shotsTable } from './shots.ts';
import { formatCell, toCsvRows, toObjects } from './table.ts';
import { chooseWithoutShiftedLabels, chooseWithShiftedLabels, wiseChoiceTable, wiseTable } from './wise.ts';

const result = (method: string, data: string, top1: number, more: Partial<FinalResult> = {}): FinalResult => ({
  model: 'm',
  data,
  method,
  seed: 0,
  params: {},
  top1,
  ...more,
});

/** Predictions of three classes; each picture's logits are given. */
function predictions(method: string, logits: readonly (readonly number[])[], labels: readonly number[]): Predictions {
  return {
    method,
    data: 'd',
    seed: 0,
    logits: Float32Array.from(logits.flat()),
    labels,
    classes: ['a', 'b', 'c'],
    names: labels.map((_, i) => `${i}.png`),
  };
}

/** Logits that put `size` on one class. */
const on = (k: number, size = 2): number[] => [0, 1, 2].map((c) => (c === k ? size : 0));

// Labels 0 0 1 1 2; A errs on picture 4, B on 1 and 4, C on 0, 2 and 3.
const labels = [0, 0, 1, 1, 2];
const a = predictions('A', [on(0, 5), on(0, 4), on(1, 3), on(1, 2), on(0, 1)], labels);
const b = predictions('B', [on(0, 1), on(2, 3), on(1, 2), on(1, 5), on(0, 4)], labels);
const c = predictions('C', [on(1, 2), on(0, 3), on(2, 1), on(2, 4), on(2, 5)], labels);

describe('accuracy', () => {
  const results = [
    result('A', 's1', 0.8, { group: 'g' }),
    result('A', 's1', 0.9, { group: 'g', seed: 1 }),
    result('A', 's2', 0.5, { group: 'h' }),
    result('B', 's1', 0.7, { group: 'g' }),
    result('B', 's2', 0.9, { group: 'h' }),
    result('B', 's3', 0.1, { group: 'h' }),
  ];

  it('averages seeds first, then sets; a set that a method lacks is empty', () => {
    const [first, second] = toObjects(accuracyTable(results));
    expect(first).toMatchObject({ method: 'A', sets: 2, 'group:h': 0.5, 'set:s3': null });
    expect(first!['group:g']).toBeCloseTo(0.85);
    expect(first!.mean).toBeCloseTo(0.675);
    expect(first!.low).toBeCloseTo(0.65); // both seeds drawn 0.8
    expect(first!.high).toBeCloseTo(0.7);
    expect(second).toMatchObject({ method: 'B', sets: 3, low: null, high: null });
    expect(second!['group:h']).toBeCloseTo(0.5);
  });

  it('has an interval over pictures where a method has predictions on each of its sets', () => {
    const two = [result('A', 's', 0.8), result('B', 's', 0.6), result('B', 't', 0.6)];
    const [first, second] = toObjects(accuracyTable(two, { predictions: [a, b] }));
    const { low, high } = pictureInterval([a]);
    expect(first).toMatchObject({ method: 'A', low: null, pictureLow: low, pictureHigh: high });
    expect(low).toBeLessThan(0.8);
    expect(second).toMatchObject({ method: 'B', pictureLow: null, pictureHigh: null });
  });

  it('scores only sets that all methods have, and names the others', () => {
    expect(scoreTable(results)).toMatchObject({ methods: ['A', 'B'], sets: ['s1', 's2'], incomplete: ['s3'] });
  });

  it('finds the best of each group', () => {
    const rows = toObjects(bestPerGroup(results));
    expect(rows.map((r) => [r.group, r.method])).toEqual([
      ['g', 'A'],
      ['h', 'A'],
      ['all', 'A'],
    ]);
    expect(rows[0]!.lead).toBeCloseTo(0.15);
  });

  it('has an interval over pictures', () => {
    const interval = pictureInterval([a]);
    expect(interval.estimate).toBeCloseTo(0.8);
    expect(interval.low).toBeCloseTo(0.4);
    expect(interval.high).toBe(1);
  });
});

describe('ranks', () => {
  it('says plainly when methods cannot be told apart', () => {
    const even = rankAnalysis([result('A', 's', 1), result('B', 's', 0), result('A', 't', 0), result('B', 't', 1)])!;
    expect(even.words).toMatch(/^Cannot tell these 2 methods apart/);
    expect(even.groups).toEqual([['A', 'B']]);
    expect(rankAnalysis([result('A', 's', 1), result('B', 's', 0)])).toBeUndefined();
  });

  it('sets a method apart that always wins', () => {
    const sets = Array.from({ length: 12 }, (_, i) => [result('A', `s${i}`, 0.9), result('B', `s${i}`, 0.8)]).flat();
    expect(rankAnalysis(sets)!.words).toBe('A ranks first, apart from all others.');
  });
});

describe('cost', () => {
  it('keeps methods that no cheaper one beats', () => {
    const table = paretoTable(
      [
        result('cheap', 's', 0.5, { parameters: 0 }),
        result('waste', 's', 0.4, { parameters: 10 }),
        result('dear', 's', 0.6, { parameters: 1000 }),
        result('unknown', 's', 0.9),
      ],
      'parameters',
    )!;
    expect(table.rows).toEqual([
      ['cheap', 0, 0.5, true],
      ['waste', 10, 0.4, false],
      ['dear', 1000, 0.6, true],
    ]);
    expect(paretoTable([result('A', 's', 1)], 'seconds')).toBeUndefined();
    // Of memory the least of a set's runs counts, then the mean of the sets; a set without it is left out.
    const runs = [
      result('A', 's', 0.5, { memory: 300 }),
      result('A', 's', 0.7, { memory: 200 }),
      result('A', 't', 0.8, { memory: 400 }),
      result('A', 'u', 0.9),
    ];
    expect(paretoTable(runs, 'memory')!.rows).toEqual([['A', 300, expect.closeTo((0.6 + 0.8 + 0.9) / 3, 12), true]]);
  });
});

describe('hyper-parameters', () => {
  const trial = (data: string, lr: number, wd: number, valTop1: number): TrialResult => ({
    model: 'm',
    data,
    method: 'A',
    seed: 0,
    params: { lr, wd },
    valTop1,
  });
  // Set s: 0.1 apart by lr only; set t the same, 0.3 lower.
  const trials = [
    trial('s', 1, 1, 0.9),
    trial('s', 1, 2, 0.9),
    trial('s', 2, 1, 0.8),
    trial('s', 2, 2, 0.8),
    trial('t', 1, 1, 0.6),
    trial('t', 1, 2, 0.6),
    trial('t', 2, 1, 0.5),
    trial('t', 2, 2, 0.5),
  ];
  it('measures spread inside sets, not between them', () => {
    const [row] = toObjects(sensitivityTable(trials));
    expect(row).toMatchObject({ method: 'A', points: 4 });
    expect(row!.loss).toBeCloseTo(0.05);
    expect(row!.worst).toBeCloseTo(0.1);
  });
  it('finds which one explains it', () => {
    const rows = toObjects(effectsTable(trials));
    expect(rows.map((r) => [r.parameter, r.best])).toEqual([
      ['lr', '1'],
      ['wd', '1'],
    ]);
    expect(rows[0]!.explained).toBeCloseTo(1);
    expect(rows[0]!.gain).toBeCloseTo(0.05);
    expect(rows[1]!.explained).toBeCloseTo(0);
  });
});

it('curves go from few pictures to many and leave out results without a number', () => {
  const table = shotsTable([
    result('A', 's', 0.9, { pictures: 1000 }),
    result('A', 's', 0.5, { pictures: 10 }),
    result('A', 's', 0.7, { pictures: 10, seed: 1 }),
    result('A', 's', 0.1),
  ]);
  expect(table.rows).toEqual([
    ['s', 'A', 10, 0.6, null],
    ['s', 'A', 1000, 0.9, null],
  ]);
});

describe('different mistakes', () => {
  it('agreement is a symmetric share of pictures', () => {
    expect(agreementMatrix([a, b, c]).rows).toEqual([
      ['A', 1, 0.8, 0.2],
      ['B', 0.8, 1, 0],
      ['C', 0.2, 0, 1],
    ]);
  });

  it('error overlap is both wrong over either wrong', () => {
    expect(errorOverlapMatrix([a, b, c]).rows).toEqual([
      ['A', 1, 0.5, 0],
      ['B', 0.5, 1, 0],
      ['C', 0, 0, 1],
    ]);
  });

  it('lists the most and least confident right and wrong pictures', () => {
    expect(pickPictures(a, 'confident-right', 2)).toEqual([0, 1]);
    expect(pickPictures(a, 'unsure-right', 2)).toEqual([3, 2]);
    expect(pickPictures(b, 'confident-wrong', 1)).toEqual([4]);
    expect(pickPictures(b, 'unsure-wrong', 9)).toEqual([1, 4]);
  });

  it('counts the regions of the Venn diagram, which add up to all listed pictures', () => {
    // Lists of 2: A {0, 1}, B {3, 2}, C {4, 1}.
    expect(toObjects(vennTable([a, b, c], 'confident-right', 2))).toEqual([
      { methods: 'B', count: 1, pictures: 2, share: 0.4 },
      { methods: 'A', count: 1, pictures: 1, share: 0.2 },
      { methods: 'C', count: 1, pictures: 1, share: 0.2 },
      { methods: 'A, C', count: 2, pictures: 1, share: 0.2 },
    ]);
    expect(pickOverlapMatrix([a, c], 'confident-right', 2).rows).toEqual([
      ['A', 1, 0.5],
      ['C', 0.5, 1],
    ]);
  });

  it('knows the ceiling and the pictures only one method gets right', () => {
    const rows = toObjects(oracleTable([a, b, c]));
    expect(rows.map((r) => r.share)).toEqual([0.8, 1, 0, 0]);
    expect(rows[1]!.gain).toBeCloseTo(0.2);
    expect(onlyOneRight([a, b, c]).rows.map((r) => r.slice(0, 3))).toEqual([['4.png', 'c', 'C']]);
    expect(onlyOneRight([b, c]).rows.length).toBe(5);
  });

  it('compares classes, the most different first', () => {
    const rows = toObjects(perClassTable([a, b]));
    expect(rows.map((r) => [r.class, r.pictures, r['method:A'], r['method:B']])).toEqual([
      ['a', 2, 1, 0.5],
      ['b', 2, 1, 1],
      ['c', 1, 0, 0],
    ]);
  });

  it('refuses methods that saw other pictures, and logits that do not fit', () => {
    const moved = { ...b, names: [...b.names].reverse() };
    expect(() => agreementMatrix([a, moved])).toThrow(/same pictures in the same order/);
    expect(() => agreementMatrix([{ ...a, logits: a.logits.subarray(1) }])).toThrow(
      /need 15 logits and 5 labels, got 14/,
    );
    expect(() => agreementMatrix([])).toThrow(/got none/);
  });
});

describe('two methods', () => {
  it('are compared with an interval, a test and words', () => {
    const pair = compare(a, c);
    expect(pair.mcNemar).toMatchObject({ onlyFirst: 3, onlySecond: 1 });
    expect(pair.mcNemar.exact).toBeCloseTo(0.625, 12);
    expect(pair.mcNemar.midP).toBeCloseTo(0.375, 12);
    expect(pair.difference.estimate).toBeCloseTo(0.4);
    expect(pair.words).toMatch(/^cannot tell A and C apart/);
    expect(comparisonTable([a, b, c]).rows.length).toBe(3);
  });
  it("Holm's adjustment is monotone and at most 1", () => {
    expect(holm([0.01, 0.04, 0.03, 0.5]).map((p) => Number(p.toFixed(6)))).toEqual([0.04, 0.09, 0.09, 0.5]);
    expect(holm([0.6, 0.9])).toEqual([1, 1]);
  });
});

describe('ensembles', () => {
  it('mean probability, mean logit and votes are what they say', () => {
    const x = predictions('X', [[3, 0, 0]], [0]);
    const y = predictions('Y', [[0, 1, 0]], [0]);
    expect(Array.from(ensembleScores([x, y], 'mean-logit'))).toEqual([1.5, 0.5, 0]);
    const p = ensembleScores([x, y], 'mean-probability');
    expect(p[0]).toBeCloseTo((Math.E ** 3 / (Math.E ** 3 + 2) + 1 / (2 + Math.E)) / 2, 12);
    expect(p.reduce((s, v) => s + v, 0)).toBeCloseTo(1, 12);
    // One vote each: the surer method decides; two votes beat one sure method.
    expect(predictedClasses(ensembleScores([x, y], 'majority'), 3)[0]).toBe(0);
    expect(predictedClasses(ensembleScores([x, y, y], 'majority'), 3)[0]).toBe(1);
  });

  it('greedy selection starts with the best and stops where nothing is gained', () => {
    expect(greedySelection([c, a, b])).toEqual([1, 0, 1]); // C adds picture 4, the second A keeps 3
    expect(greedySelection([b, a])).toEqual([1]);
  });

  it('gains over the single method that validation picks', () => {
    const rows = toObjects(ensembleTable([a, b, c], [a, b, c]));
    expect(rows[0]).toMatchObject({ ensemble: 'best single: A', top1: 0.8 });
    expect(rows.at(-1)).toMatchObject({ ensemble: 'greedy on validation: A, C', members: 2, top1: 1 });
    expect(rows.at(-1)!.gain).toBeCloseTo(0.2);
    expect(() => ensembleTable([a, b], [b, a])).toThrow(/same methods in the same order/);
  });
});

describe('robustness', () => {
  it('trend is a line on logit axes', () => {
    const f = (x: number) => 1 / (1 + Math.exp(-(0.8 * Math.log(x / (1 - x)) - 1)));
    const points = [0.3, 0.5, 0.7, 0.9].map((x) => [x, f(x)] as const);
    expect(trendAt(0.6, points)).toBeCloseTo(f(0.6), 10);
    expect(trendAt(0.6, points.slice(0, 2))).toBeUndefined();
  });

  it('is measured against the untuned model and against reference models', () => {
    const at = (method: string, inDistribution: number, s: number) => ({ method, inDistribution, shifted: { s } });
    const reference = [at('r1', 0.3, 0.3), at('r2', 0.5, 0.5), at('r3', 0.9, 0.9)];
    const [first, second] = toObjects(
      robustnessTable([at('A', 0.8, 0.5)], { untuned: at('before', 0.7, 0.6), reference }),
    );
    expect(first).toMatchObject({ method: 'before', kept: 0 });
    expect(second!.kept).toBeCloseTo(-0.1);
    expect(second!.gap).toBeCloseTo(0.3);
    expect(second!.effective).toBeCloseTo(-0.3, 10);
  });

  it('WiSE-FT: what is free to give back is given back', () => {
    const curve: WiseCurve = {
      method: 'A',
      alphas: [0, 0.5, 1],
      inDistribution: [0.6, 0.8, 0.7],
      shifted: { s: [0.9, 0.4, 0.2], t: [0.7, 0.4, 0.2] },
    };
    expect(chooseWithoutShiftedLabels(curve)).toMatchObject({ alpha: 0.5, inDistribution: 0.8 });
    expect(chooseWithShiftedLabels(curve).alpha).toBe(0); // (0.6 + 0.8) / 2 is the most
    expect(wiseTable([curve]).rows[1]).toEqual(['A', 0.5, 0.8, 0.4, 0.4, 0.4]);
    const [row] = toObjects(wiseChoiceTable([curve]));
    expect(row!.blindShiftedGain).toBeCloseTo(0.2);
    expect(row!.seenGain).toBeCloseTo(-0.1);
  });
});

describe('beside the published study', () => {
  it('compares the order of the methods that both have', () => {
    const published = [result('A', 'v', 0.7), result('B', 'v', 0.6), result('C', 'v', 0.5), result('D', 'v', 0.4)];
    const own = [result('A', 's', 0.9), result('B', 's', 0.8), result('C', 's', 0.85), result('X', 's', 0.1)];
    const beside = besidePublished(own, published)!;
    expect(beside.correlation).toBeCloseTo(0.5, 12); // 1 - 6 (0 + 1 + 1) / (3 * 8)
    expect(beside.table.rows.map((r) => [r[0], r[3], r[4]])).toEqual([
      ['A', 1, 1],
      ['C', 2, 3],
      ['B', 3, 2],
    ]);
    expect(besidePublished(own.slice(0, 2), published)!.words).toMatch(/^Too few methods/);
    expect(besidePublished([result('X', 's', 1)], published)).toBeUndefined();
  });
});

describe('tables', () => {
  it('print numbers in their units', () => {
    expect(formatCell(0.7423, 'share')).toBe('74.23');
    expect(formatCell(-0.012, 'points')).toBe('−1.20');
    expect(formatCell(0.0002, 'p')).toBe('< 0.001');
    expect(formatCell(85_798_656, 'count')).toBe('85.8 M');
    expect(formatCell(null, 'share')).toBe('–');
    expect(formatCell(125, 'seconds')).toBe('2.1 min');
  });
  it('go to CSV with empty cells for what is unknown', () => {
    const table = accuracyTable([result('A', 's', 0.5)]);
    expect(toCsvRows(table)).toEqual([
      ['method', 'mean', 'low', 'high', 'sets', 'set:s'],
      ['A', 0.5, '', '', 1, 0.5],
    ]);
  });
});

it('softmax of large logits stays finite', () => {
  expect(confidences(predictions('X', [[1000, 0, -1000]], [0]))[0]).toBe(1);
});
