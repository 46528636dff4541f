// The classifier against scikit-learn's and the fitted noise against SciPy's; flipped labels are found, copies of a picture don't
// vouch for each other, and classes that are too small aren't judged.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { stream } from '../../base/rng.ts';
import type { Listing, Picture } from '../dataset.ts';
import { pictureIn } from '../stored.ts';
import { outOfFoldScores } from './discriminant.ts';
import { fitNoise, softmaxRows, wrongness } from './label-noise.ts';
import { suspectLabels } from './suspect-labels.ts';

const expected = JSON.parse(
  await readFile(new URL('../../../test/fixtures/label-noise/expected.json', import.meta.url), 'utf8'),
) as {
  width: number;
  classes: number;
  features: number[];
  labels: number[];
  folds: number[];
  probabilities: number[];
  temperature: number;
  rate: number;
  likelihood: number;
};

describe('against other libraries', () => {
  const { width, classes, labels, folds } = expected;
  const features = { rows: Float32Array.from(expected.features), width };
  const scores = outOfFoldScores(features, labels, classes, folds);

  it("gives scikit-learn's probabilities of the left-out fold", () => {
    softmaxRows(scores, classes).forEach((p, i) => {
      expect(p).toBeCloseTo(expected.probabilities[i]!, 5);
    });
  });

  it("finds SciPy's temperature and rate of noise", () => {
    const noise = fitNoise(scores, labels, classes);
    expect(noise.likelihood).toBeCloseTo(expected.likelihood, 6);
    expect(noise.temperature / expected.temperature).toBeCloseTo(1, 2);
    expect(noise.rate).toBeCloseTo(expected.rate, 2);
  });

  it('is surer that a label is wrong the less probable it is', () => {
    const [sure, doubtful, right] = wrongness(Float64Array.of(0.001, 0.999, 0.1, 0.9, 0.9, 0.1), [0, 0, 0], 2, {
      rate: 0.1,
    });
    expect(sure!).toBeCloseTo((0.1 * 0.999) / (0.1 * 0.999 + 0.9 * 0.001), 12); // Bayes
    expect(sure!).toBeGreaterThan(doubtful!);
    expect(doubtful!).toBeGreaterThan(right!);
  });
});

describe('a list of suspicious labels', () => {
  const classes = ['a', 'b', 'c'];
  const listing: Listing = { name: 'made', root: '/made', classes, parts: new Map(), rule: 'folders' };
  const store = { read: async () => new Uint8Array(), stamp: async () => '' };
  const width = 4;
  /** `counts` pictures a class whose features lie about the class's own corner, and labels of `wrong` moved on by one. */
  const made = (counts: readonly number[], wrong: ReadonlySet<number>) => {
    const rng = stream(0, 'features');
    const truth = counts.flatMap((count, label) => Array.from({ length: count }, () => label));
    const rows = Float32Array.from(
      truth.flatMap((label) => Array.from({ length: width }, (_, a) => (a === label ? 6 : 0) + rng.normal())),
    );
    const pictures = truth.map(
      (label, i): Picture => pictureIn(store, `${i}.png`, wrong.has(i) ? (label + 1) % classes.length : label),
    );
    return { pictures, features: { rows, width } };
  };

  it('names the flipped ones, with the class that they are of', () => {
    const { pictures, features } = made([40, 40, 40], new Set([3, 50, 99]));
    const { suspicious, agreement, unjudged } = suspectLabels(listing, pictures, features, []);
    expect(new Map(suspicious.map(({ name, label, suggested }) => [name, `${label} ${suggested}`]))).toEqual(
      new Map([
        ['3.png', 'b a'],
        ['50.png', 'c b'],
        ['99.png', 'a c'],
      ]),
    );
    expect(suspicious.every(({ confidence }) => confidence > 0.9)).toBe(true);
    expect([agreement, unjudged]).toEqual([117 / 120, []]);
  });

  it('is empty for right labels', () => {
    const { pictures, features } = made([40, 40, 40], new Set());
    expect(suspectLabels(listing, pictures, features, [])).toEqual({ suspicious: [], agreement: 1, unjudged: [] });
  });

  it("doesn't judge a class that is too small, or that is one picture many times", () => {
    const { pictures, features } = made([40, 40, 4], new Set());
    expect(suspectLabels(listing, pictures, features, [])).toMatchObject({ suspicious: [], unjudged: ['c'] });
    const copied = made([40, 40, 8], new Set());
    const names = copied.pictures.slice(80).map(({ name }) => name);
    expect(suspectLabels(listing, copied.pictures, copied.features, [names])).toMatchObject({ unjudged: ['c'] });
  });
});
