// Plans: what they stand for, and that everything wrong with one is told at once, with line and column.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { methodNamed } from '../../src/methods/index.ts';
import { planJsonSchema } from '../../src/study/plan.ts';
import { firstTrials, studyId } from '../../src/study/protocol.ts';
import { planOf, smallPlan } from '../support/study.ts';

describe('a plan', () => {
  it('turns lists into axes, the first one slowest', async () => {
    const { cells } = await planOf(`
name: two-axes
data: [a, b]
methods:
  - linear
  - { name: lora, options: { rank: [2, 4], targets: [[q], [q, v]] }, training: { weightDecay: 0 } }
training: { learningRate: [0.001, 0.01] }
`);
    expect(cells.map(({ data, method, points }) => [data, method, points.length])).toEqual([
      ['a', 'linear', 2],
      ['a', 'lora', 8],
      ['b', 'linear', 2],
      ['b', 'lora', 8],
    ]);
    expect(cells[1]!.points.slice(0, 3).map(({ params }) => params)).toEqual([
      { rank: 2, targets: ['q'], weightDecay: 0, learningRate: 0.001 },
      { rank: 2, targets: ['q'], weightDecay: 0, learningRate: 0.01 },
      { rank: 2, targets: ['q', 'v'], weightDecay: 0, learningRate: 0.001 },
    ]);
  });

  it('takes the published grid where it is asked to', async () => {
    const { cells } = await planOf('{ name: published, data: a, methods: { name: lora, grid: study } }');
    const ranks = new Set(cells[0]!.points.map(({ params }) => params.rank));
    const decays = new Set(cells[0]!.points.map(({ params }) => params.weightDecay));
    const published = methodNamed('lora').options.rank!.grid;
    expect([[...ranks], [...decays]]).toEqual([published, [1e-3, 1e-4]]);
  });

  it('combines methods and takes presets', async () => {
    const { cells } = await planOf(
      '{ name: both, data: a, preset: study, methods: { name: bitfit+lora, options: { lora.rank: [2, 4] } }, training: { epochs: 20 } }',
    );
    const { methods, training } = cells[0]!.points[1]!.trial.run;
    expect(methods.map(({ name, options }) => [name, options.rank, options.variant])).toEqual([
      ['bitfit', undefined, undefined],
      ['lora', 4, 'study'],
    ]);
    expect([training.epochs, training.schedule, training.dropPath]).toEqual([20, 'study', 0.1]);
  });

  it('tunes in the round that a protocol has for it, and tests in the last one', async () => {
    const study = await planOf('{ name: vtab, data: a, protocol: vtab-1k, methods: linear, seeds: 42 }');
    expect(study.cells[0]!.points[0]!.trial.run).toMatchObject({
      protocol: { name: 'vtab-1k', round: 'tune', options: { normalise: 'none' } },
      training: { epochs: 100, warmupEpochs: 10, schedule: 'study' },
    });
    expect(firstTrials(study).map(({ spec: { run } }) => run)).toMatchObject([
      { protocol: { round: 'final' }, dataOptions: { trainOnVal: false }, training: { seed: 42, epochs: 100 } },
    ]);
  });

  it('makes a data set of each fold and of each value of a protocol’s option', async () => {
    const { cells } = await planOf(`
name: divided
data:
  - a
  - { path: b, protocol: { name: k-fold, options: { folds: 2 } } }
  - { path: c, protocol: { name: few-shot, options: { shots: [1, 2], valShots: [1, 2] } } }
protocol: { name: many-shot, options: { fraction: [0.01, 0.1] } }
methods: linear
`);
    expect(cells.map(({ data }) => data)).toEqual([
      'a 1%',
      'a 10%',
      'b fold-1',
      'b fold-2',
      'c shots 1, valShots 1 1-shot',
      'c shots 1, valShots 2 1-shot',
      'c shots 2, valShots 1 2-shot',
      'c shots 2, valShots 2 2-shot',
    ]);
    expect(new Set(cells.map(({ points }) => points[0]!.id)).size).toBe(8);
  });

  it('drops points that come out the same', async () => {
    // Warm-up left out is one epoch, so both points are one run.
    const yaml = '{ name: twice, data: a, methods: lora, training: { learningRate: [0, 0.001] } }';
    const { cells, duplicates } = await planOf(yaml);
    expect([cells[0]!.points.length, duplicates]).toEqual([1, 1]);
  });

  it('counts the points that a value listed twice would have made', async () => {
    const yaml =
      '{ name: listed, data: [a, b], methods: { name: lora, options: { rank: [4, 4, 8], alpha: [1, 1.0] } } }';
    const { cells, duplicates } = await planOf(yaml);
    expect([cells.map(({ points }) => points.length), duplicates]).toEqual([[2, 2], 8]);
  });

  it('takes a list of block indices as one value, and a list of lists as an axis', async () => {
    const blocks = async (yaml: string) =>
      (
        await planOf(`{ name: blocks, data: a, methods: { name: partial, options: { blocks: ${yaml} } } }`)
      ).cells[0]!.points.map(({ params }) => params.blocks);
    expect(await blocks('[0, 1]')).toEqual([[0, 1]]);
    expect(await blocks('[[0], [0, 1], all]')).toEqual([[0], [0, 1], []]);
    expect(await blocks("['0', '0,1']")).toEqual([[0], [0, 1]]);
  });

  it('may name a search by itself or as a kind', async () => {
    const id = async (search: string) =>
      studyId(await planOf(`{ name: s, data: a, methods: linear, search: ${search} }`));
    expect(await id('{ kind: recipe }')).toBe(await id('recipe'));
  });

  it('has an identity that tells any change of what it runs, and nothing else', async () => {
    const id = async (yaml: string) => studyId(await planOf(yaml));
    const base = await id(smallPlan);
    expect(await id(`# a comment\n${smallPlan.replace('[2, 4, 8]', '[2,4,8]')}`)).toBe(base);
    expect(await id(smallPlan.replace('[2, 4, 8]', '[2, 4]'))).not.toBe(base);
    expect(await id(smallPlan.replace('[0, 1]', '[0, 2]'))).not.toBe(base);
    expect(await id(smallPlan.replace('data: shapes', 'data: others'))).not.toBe(base);
  });

  it('runs a single point without tuning', async () => {
    const trials = firstTrials(
      await planOf('{ name: one, data: noval, methods: lora, seeds: [3, 4], search: recipe }'),
    );
    expect(trials.map(({ phase, spec }) => [phase, spec.run.training.seed])).toEqual([
      ['final', 3],
      ['final', 4],
    ]);
  });

  it('draws points, and cuts grids to the budget, the same each time', async () => {
    const ranks = async (more: string) => {
      const yaml = `{ name: drawn, data: a, methods: { name: lora, options: { rank: [${Array.from({ length: 50 }, (_, i) => i + 1)}] } }, ${more} }`;
      return (await planOf(yaml)).cells[0]!.points.map(({ params }) => params.rank);
    };
    const drawn = await ranks('search: { kind: random, points: 5 }');
    expect(drawn.length).toBe(5);
    expect(await ranks('search: { kind: random, points: 5 }')).toEqual(drawn);
    expect(await ranks('search: { kind: random, points: 5, seed: 1 }')).not.toEqual(drawn);
    expect((await ranks('budget: { trials: 9 }, seeds: [0, 1]')).length).toBe(7);
    // Rounds of 6, 2 and 1 points, and a final run; 7 points would come to 11 runs.
    expect((await ranks('budget: { trials: 10 }, search: { kind: halving, epochs: [1, 2, 4] }')).length).toBe(6);
  });

  it('plans 20,000 trials', async () => {
    const numbers = (n: number) => `[${Array.from({ length: n }, (_, i) => i + 1)}]`;
    const { cells } = await planOf(
      `{ name: large, data: [a, b], methods: [{ name: lora, options: { rank: ${numbers(100)}, alpha: ${numbers(100)} } }] }`,
    );
    expect(cells.reduce((n, { points }) => n + points.length, 0)).toBe(20_000);
  });
});

describe('a bad plan', () => {
  const problemsOf = async (yaml: string): Promise<readonly string[]> => {
    const error = await planOf(yaml).then(
      () => undefined,
      (e: Error & { lines: string[] }) => e,
    );
    return error?.lines ?? [];
  };

  it('has all its problems told at once, with line and column', async () => {
    const yaml = `name: bad
models: [tiny, none]
data:
  - shapes
  - path: none
  - { path: noval, options: { valFractoin: 0.2 } }
methods:
  - lorra
  - name: lora
    options:
      rank: [4, 0, 2.5]
      alpha: []
      ranks: 3
  - { name: linear, training: { epochs: 0 } }
training:
  learningRate: [0.1, fast]
  seed: 3
search: { kind: halving, epochs: [4, 2] }
budget: { trials: 3 }
`;
    expect(await problemsOf(yaml)).toEqual([
      'study.yaml:2:16: models.1: model /nowhere/none: no such folder',
      'study.yaml:5:11: data.1.path: data /nowhere/none: no such folder',
      expect.stringMatching(
        /^study\.yaml:6:44: data\.2\.options\.valFractoin: "valFractoin" is not a known data option; did you mean "valFraction"\?/,
      ),
      expect.stringMatching(/^study\.yaml:8:5: methods\.0: "lorra" is not a known method; did you mean "lora"\?/),
      'study.yaml:11:17: methods.1.options.rank.1: option rank must be a whole number of at least 1 and at most 1024, got 0',
      'study.yaml:11:20: methods.1.options.rank.2: option rank must be a whole number of at least 1 and at most 1024, got 2.5',
      'study.yaml:12:7: methods.1.options.alpha: is an empty axis; give at least one value, or leave it out',
      expect.stringMatching(
        /^study\.yaml:13:14: methods\.1\.options\.ranks: "ranks" is not a known option; did you mean "rank"\?/,
      ),
      expect.stringMatching(/^study\.yaml:14:41: methods\.2\.training\.epochs: option epochs must be a whole number/),
      'study.yaml:16:23: training.learningRate.1: option learningRate must be a number of at least 0 and at most 100, got "fast"',
      expect.stringMatching(/^study\.yaml:17:9: training\.seed: "seed" is not a known option/),
      'study.yaml:18:26: search.epochs: must rise from round to round',
    ]);
  });

  it('of the wrong shape is refused before anything else', async () => {
    expect(await problemsOf('name: "a b"\ndata: []\nmethod: lora\n')).toEqual([
      'study.yaml:1:1: methods: is missing',
      'study.yaml:1:7: name: must be 1 to 60 letters, digits, dots, dashes or underscores',
      'study.yaml:2:1: data: Too small: expected array to have >=1 items',
      'study.yaml:3:9: method: unknown key "method"',
    ]);
  });

  it('has what it names checked even where a key is unknown or a value wrong', async () => {
    expect(await problemsOf('name: x\ndata: none\nmethods: [lorra]\nserch: grid\nthreads: many\n')).toEqual([
      'study.yaml:2:7: data: data /nowhere/none: no such folder',
      expect.stringMatching(/^study\.yaml:3:11: methods\.0: "lorra" is not a known method/),
      'study.yaml:4:8: serch: unknown key "serch"',
      expect.stringMatching(/^study\.yaml:5:10: threads: /),
    ]);
  });

  it('of broken YAML is refused where it breaks', async () => {
    expect((await problemsOf('name: x\ndata: [a\nmethods: lora\n'))[0]).toMatch(/^study\.yaml:\d+:\d+: /);
  });

  it('does not blow up by aliases', async () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((k, i) => `${k}: &${k} [${Array(9).fill(`*${'abcdefg'[i]}`)}]`),
    ];
    expect((await problemsOf(bomb.join('\n'))).length).toBeGreaterThan(0);
  });

  it('is told what is wrong with its protocols, and methods that the backbone can’t take', async () => {
    const yaml = `name: bad
data:
  - { path: a, protocol: vtab }
  - { path: b, protocol: { name: many-shot, options: { fraction: [0.1, 2], shots: 3 } } }
  - notest
protocol: { name: holdout, options: { folds: 3 } }
methods: linear
`;
    expect(await problemsOf(yaml)).toEqual([
      expect.stringMatching(/^study\.yaml:3:26: data\.0\.protocol: "vtab" is not a known protocol/),
      expect.stringMatching(
        /^study\.yaml:4:72: data\.1\.protocol\.options\.fraction\.1: option fraction must be a number/,
      ),
      expect.stringMatching(/^study\.yaml:4:83: data\.1\.protocol\.options\.shots: "shots" is not a known option/),
      expect.stringMatching(
        /^study\.yaml:6:46: protocol\.options\.folds: "folds" is not a known option \(there are none\)/,
      ),
    ]);
    const refused = `name: refused
data: a
methods:
  - linear
  - { name: repadapter, options: { bottleneck: [8, 9] } }
  - { name: vpt-deep, options: { lastBlocks: [1, 5] } }
  - lorra
`;
    expect(await problemsOf(refused)).toEqual([
      expect.stringMatching(/^study\.yaml:5:5: methods\.1: method repadapter: can't be used on this backbone: .* 9/),
      expect.stringMatching(
        /^study\.yaml:6:5: methods\.2: method vpt-deep: can't be used on this backbone: lastBlocks is 5/,
      ),
      expect.stringMatching(/^study\.yaml:7:5: methods\.3: "lorra" is not a known method/),
    ]);
    const [line] = await problemsOf('{ name: x, data: notest, methods: linear }');
    expect(line).toContain('notest has no test pictures, so there would be no results; set testFraction');
  });

  it('is told what a backbone can’t take besides, with all that is wrong elsewhere', async () => {
    const yaml = `name: misfits
data:
  - { path: a, options: { imageSize: 33 } }
  - none
methods:
  - { name: linear, training: { head: zero-shot } }
  - { name: full, training: { precision: int8 } }
budget: { trials: 1 }
`;
    expect(await problemsOf(yaml)).toEqual([
      expect.stringMatching(/^study\.yaml:3:13: data\.0\.path: image size 33x33: must be a multiple of .* patch size/),
      'study.yaml:4:5: data.1: data /nowhere/none: no such folder',
      expect.stringMatching(/^study\.yaml:6:5: methods\.0: train: --head zero-shot: the model has no projection/),
      expect.stringMatching(/^study\.yaml:7:5: methods\.1: train: --precision int8 is for frozen layers/),
      expect.stringMatching(/^study\.yaml:8:19: budget\.trials: 1 trials are too few/),
    ]);
  });

  it('asks for validation pictures where there is something to choose', async () => {
    const [line] = await problemsOf('{ name: x, data: noval, methods: { name: lora, options: { rank: [1, 2] } } }');
    expect(line).toContain('noval has no validation pictures to choose among 2 points by; set valFraction');
  });
});

it('the published JSON schema is the one that plans are checked against', () => {
  const published = JSON.parse(
    readFileSync(new URL('../../schemas/study.schema.json', import.meta.url), 'utf8'),
  ) as unknown;
  // npm run schemas writes it anew
  expect(published).toEqual(planJsonSchema());
});

it('puts data into groups: the plan’s, else those that are known', async () => {
  const { cells } = await planOf(`
name: groups
data: [known, own, { path: mine, group: Birds }, { path: b/known, name: other, group: Fish }]
methods: linear
`);
  expect(cells.map(({ data, group }) => [data, group])).toEqual([
    ['known', 'Known'],
    ['own', undefined],
    ['mine', 'Birds'],
    ['other', 'Fish'],
  ]);
});
