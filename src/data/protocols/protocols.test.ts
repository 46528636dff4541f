// Protocols divide a listing: each picture where it belongs, nested and disjoint as promised, alike on every machine.
import { describe, expect, it } from 'vitest';
import { loadPublishedStudy } from '../../analysis/published/load.ts';
import { sha256 } from '../../base/identity.ts';
import type { Listing, Picture, SplitOptions } from '../dataset.ts';
import { pictureIn } from '../stored.ts';
import { checkTrainCount, chooseProtocol, configureProtocol, protocols } from './index.ts';
import { publishedSeries } from './many-shot.ts';
import { vtabTasks } from './vtab-1k.ts';
import { settingsOf, vtabGrids } from './vtab-grids.ts';

const store = { read: async () => new Uint8Array(), stamp: async () => '' };
const classes = ['a', 'b', 'c'];
const split: SplitOptions = { seed: 0, valFraction: 0.2, testFraction: 0.25, trainCount: 0 };

/** `count` pictures a class, named after the part. */
const pictures = (part: string, count: number): Picture[] =>
  classes.flatMap((name, label) =>
    Array.from({ length: count }, (_, i) =>
      pictureIn(store, `${part}/${name}/${String(i).padStart(3, '0')}.png`, label),
    ),
  );
const listing = (parts: Readonly<Record<string, readonly Picture[]>>): Listing => ({
  name: 'made',
  root: '/made',
  classes,
  parts: new Map(Object.entries(parts)),
  rule: 'folders',
});
const unsplit = listing({ all: pictures('all', 40) });

function divide(name: string, from: Listing, options = {}, change: Partial<SplitOptions> & { round?: string } = {}) {
  const choice = chooseProtocol({ name, options, round: change.round });
  const { protocol, options: parsed } = configureProtocol(choice);
  return protocol.divide(from, choice.round, parsed, { ...split, ...change });
}
const names = (list: readonly Picture[]) => list.map((picture) => picture.name);
const perClass = (list: readonly Picture[]) => classes.map((_, k) => list.filter(({ label }) => label === k).length);
const sizes = ({ splits: { train, val, test } }: ReturnType<typeof divide>) => [train.length, val.length, test.length];

describe.each(protocols.map((protocol) => [protocol.name, protocol] as const))('%s', (name, protocol) => {
  const own = listing({
    train: pictures('train', 20),
    val: pictures('val', 8),
    test: pictures('test', 9),
    other: pictures('other', 5),
  });
  const options = name === 'few-shot' ? { shots: 4 } : {};

  it('keeps training, validation and test pictures apart, and is the same every time', () => {
    for (const round of configureProtocol({ name, options }).rounds) {
      const { splits } = divide(name, own, options, { round });
      const all = [...names(splits.train), ...names(splits.val), ...names(splits.test)];
      expect(new Set(all).size).toBe(all.length);
      expect(splits.train.length).toBeGreaterThan(0);
      expect(divide(name, own, options, { round })).toEqual(divide(name, own, options, { round }));
    }
  });

  it('takes as many training pictures as were asked for, or says what counts them', () => {
    const choice = chooseProtocol({ name, options });
    if (protocol.countedBy !== undefined)
      return expect(() => checkTrainCount(choice, 12)).toThrow(
        `protocol ${name}: takes no trainCount, got 12: ${protocol.countedBy} says`,
      );
    checkTrainCount(choice, 12);
    const lists = new Map(own.parts).set('train800', own.parts.get('train')!);
    lists.delete('train');
    const withoutVal = listing({
      train: pictures('train', 20),
      test: pictures('test', 9),
      other: pictures('other', 5),
    });
    for (const from of [own, withoutVal, listing(Object.fromEntries(lists))]) {
      if (name === 'robustness' && !from.parts.has('train')) continue; // lists are no domains
      const { splits } = divide(name, from, options, { trainCount: 42 });
      expect(splits.train.length + splits.val.length).toBe(42);
      expect(perClass(splits.train).every((count) => count >= 9)).toBe(true);
      expect(splits.val.length).toBe(from.parts.has('val') ? 12 : 8); // 24 of 84, or the fraction 0.2
      expect(names(splits.test)).toEqual(names(from.parts.get('test')!));
      const fewer = divide(name, from, options, { trainCount: 30, valFraction: 0 }).splits.train;
      expect(names(splits.train).length).toBeGreaterThan(fewer.length);
      expect(() => divide(name, from, options, { trainCount: 100 })).toThrow(/100 were asked for/);
    }
  });

  it('says every silent choice', () => {
    expect(Object.keys(protocol.choices).sort()).toEqual([
      'crop',
      'interpolation',
      'normalisation',
      'seeds',
      'selection',
      'split',
    ]);
    for (const text of Object.values(protocol.choices)) expect(text.length).toBeGreaterThan(5);
  });
});

describe('k-fold', () => {
  it('tests every picture once, each class in proportion', () => {
    const folds = ['fold-1', 'fold-2', 'fold-3', 'fold-4'].map((round) =>
      divide('k-fold', unsplit, { folds: 4 }, { round }),
    );
    const tested = folds.flatMap(({ splits }) => names(splits.test));
    expect([...tested].sort()).toEqual(names(unsplit.parts.get('all')!).sort());
    for (const fold of folds) {
      expect(perClass(fold.splits.test)).toEqual([10, 10, 10]);
      expect(sizes(fold)).toEqual([72, 18, 30]);
    }
  });
  it('refuses more folds than a class has pictures', () => {
    expect(() => divide('k-fold', listing({ all: pictures('all', 3) }), { folds: 4 })).toThrow(
      'class a has 3 pictures, too few for 4 folds',
    );
  });
});

describe('few-shot', () => {
  const shot = (shots: number, seed = 0) => divide('few-shot', unsplit, { shots }, { seed });
  it('is nested: fewer shots are among more, with the same validation and test', () => {
    for (const k of [1, 2, 4, 8]) {
      const [few, more] = [shot(k), shot(2 * k)];
      expect(perClass(few.splits.train)).toEqual([k, k, k]);
      expect(names(more.splits.train)).toEqual(expect.arrayContaining(names(few.splits.train)));
      expect([names(more.splits.val), names(more.splits.test)]).toEqual([
        names(few.splits.val),
        names(few.splits.test),
      ]);
    }
    expect(sizes(shot(8))).toEqual([24, 12, 30]);
  });
  it('draws by the seed, the same on every machine', () => {
    expect(names(shot(4, 1).splits.train)).not.toEqual(names(shot(4).splits.train));
    expect(sha256(names(shot(4).splits.train).join())).toMatchInlineSnapshot(
      `"96f82565a1d33194c7e44eb97263575143e704b0110b324f8fcaec5b81e5250d"`,
    );
  });
  it('says which class has too few', () => {
    expect(() => shot(28)).toThrow('class a has 30 pictures for training; 28 shots and 4 for validation need 32');
  });
});

describe('many-shot', () => {
  it('takes a share of each class, nested', () => {
    const share = (fraction: number) => divide('many-shot', unsplit, { fraction }, { valFraction: 0 });
    expect([0.1, 0.5, 1].map((f) => perClass(share(f).splits.train))).toEqual([
      [3, 3, 3],
      [15, 15, 15],
      [30, 30, 30],
    ]);
    expect(names(share(0.5).splits.train)).toEqual(expect.arrayContaining(names(share(0.1).splits.train)));
    expect(names(share(0.1).splits.test)).toEqual(names(share(1).splits.test));
  });
});

describe('robustness', () => {
  const domains = listing({
    photo: pictures('photo', 20),
    sketch: pictures('sketch', 6),
    toy: pictures('toy', 4).slice(4),
  });
  it('tests on all of every other domain, also one with a part of the classes', () => {
    const divided = divide('robustness', domains);
    expect(sizes(divided)).toEqual([33, 12, 15]);
    expect([...divided.shifts].map(([name, list]) => [name, list.length])).toEqual([
      ['sketch', 18],
      ['toy', 8],
    ]);
    expect(divide('robustness', domains, { train: 'sketch' }).splits.train[0]!.name).toMatch(/^sketch/);
  });
  it('uses the splits of the data where there are some', () => {
    const own = listing({ train: pictures('train', 9), test: pictures('test', 5), sketch: pictures('sketch', 4) });
    const divided = divide('robustness', own);
    expect([sizes(divided), [...divided.shifts.keys()]]).toEqual([[22, 5, 15], ['sketch']]);
  });
  it('wants a second domain, and knows their names', () => {
    expect(() => divide('robustness', unsplit)).toThrow('has no domain beside all to test on');
    expect(() => divide('robustness', domains, { train: 'skech' })).toThrow('did you mean "sketch"?');
  });
});

describe('vtab-1k', () => {
  const [train800, val200] = [pictures('train', 8), pictures('val', 2)];
  const lists = listing({ test: pictures('test', 5), train800, val200, train800val200: [...train800, ...val200] });
  it('tunes on 800/200 without a test, then trains on all and tests', () => {
    expect(configureProtocol({ name: 'vtab-1k' }).rounds).toEqual(['tune', 'final']);
    expect(sizes(divide('vtab-1k', lists, {}, { round: 'tune' }))).toEqual([24, 6, 0]);
    expect(sizes(divide('vtab-1k', lists))).toEqual([30, 0, 15]);
  });
  it('is about a layout', () => {
    expect(() => divide('vtab-1k', unsplit)).toThrow("has no train800.txt, which VTAB-1k's layout has; make it with");
    expect(() => divide('vtab-1k', lists, {}, { round: 'tuned' })).toThrow('did you mean "tune"?');
  });
  it('prepares pictures as the study: no crop, no normalisation, bicubic', () => {
    const { protocol, options } = configureProtocol({ name: 'vtab-1k' });
    expect(protocol.preprocessing!(options)).toEqual({
      resize: 'exact',
      interpolation: 'bicubic',
      mean: [0, 0, 0],
      std: [1, 1, 1],
    });
  });
  it('has 19 tasks in three groups', () => {
    const groups = ['natural', 'specialized', 'structured'].map(
      (group) => vtabTasks.filter((t) => t.group === group).length,
    );
    expect([vtabTasks.length, ...groups]).toEqual([19, 7, 4, 8]);
  });
  it("has the published grids: settings of each method in the study's result files", () => {
    const counts = Object.fromEntries(Object.entries(vtabGrids).map(([name, grid]) => [name, settingsOf(grid).length]));
    expect(counts).toEqual({
      linear: 4,
      full: 4,
      bitfit: 4,
      ln: 4,
      difffit: 4,
      ssf: 4,
      lora: 16,
      fact_tt: 60,
      fact_tk: 60,
      vpt_shallow: 20,
      vpt_deep: 16,
      rand_h_adapter: 64,
      lora_p_adapter: 80,
      adaptformer: 36,
      convpass: 80,
      repadapter: 60,
    });
    expect(Object.values(counts).reduce((a, b) => a + b, 0)).toBe(516);
  });
});

it("many-shot's published series hold the numbers of pictures that results were released for", () => {
  const released = loadPublishedStudy().results.filter(({ protocol }) => protocol === 'many-shot');
  const counts = (name: string) => [...new Set(released.filter(({ set }) => set === name).map((r) => r.pictures))];
  expect(publishedSeries.map(({ data }) => data.toLowerCase().replace('cifar-', 'cifar'))).toEqual([
    'cifar100',
    'resisc45',
    'clevr-distance',
  ]);
  for (const { data, full, counts: series, valFraction } of publishedSeries) {
    const ours = counts(data.toLowerCase().replace('cifar-', 'cifar'));
    expect(series).toEqual(expect.arrayContaining(ours));
    expect([ours.includes(full), series.at(-1), valFraction(full)]).toEqual([true, full, 0.1]);
  }
});
