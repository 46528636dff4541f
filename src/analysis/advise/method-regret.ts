// How good the advice on methods is: leave one set of the published study out, predict its accuracies from the others and from
// what is measured on it, take a method, and compare with the best method of that set. The baseline takes, always, the method
// with the best mean on the other sets.
import { type ScoreTable, scoreTable } from '../accuracy.ts';
import { indexOfMax, mean } from '../collect.ts';
import { type PublishedStudy, publishedResults, publishedTrials } from '../published/study.ts';
import { type BootstrapOptions, bootstrapMean, type Interval } from '../statistics/bootstrap.ts';
import { pairedBootstrap } from '../statistics/paired.ts';
import { relativeCost } from './cost.ts';
import { type Expectation, expectation } from './expected.ts';
import { drawAccuracies, type Measurement, methodPrior } from './transfer.ts';

export interface MethodRegretRow {
  readonly knowing: string;
  /** Test accuracy of the set's best method minus that of the method taken, mean over sets. */
  readonly regret: Interval;
  /** Difference to the baseline, paired by set; negative = better. */
  readonly againstBaseline: Interval;
  /** Forward passes a step of what was taken, mean over sets. */
  readonly cost: number;
  /** Share of true accuracies inside the intervals of 95 %; undefined for the baseline. */
  readonly covered: number | undefined;
  /** Sets on which the answer was that it makes no difference. */
  readonly draws: number;
}

const withoutSet = (table: ScoreTable, at: number): ScoreTable => ({
  ...table,
  sets: table.sets.filter((_, s) => s !== at),
  scores: table.scores.filter((_, s) => s !== at),
});

/** Best validation accuracy of a method on a set: what a probe that trained to the end would say. */
function bestValidation(study: PublishedStudy): (set: string, method: string) => number {
  const best = new Map<string, number>();
  for (const { data, method, valTop1 } of publishedTrials(study, 'vtab'))
    best.set(`${data} ${method}`, Math.max(best.get(`${data} ${method}`) ?? 0, valTop1));
  return (set, method) => best.get(`${set} ${method}`)!;
}

/** Everything is chosen without the set held out, but for what is measured on it. */
export function methodRegret(study: PublishedStudy, pictures: number, options?: BootstrapOptions): MethodRegretRow[] {
  const table = scoreTable(publishedResults(study, 'vtab'));
  const validation = bestValidation(study);
  const head = study.methods.find(({ trains }) => trains === 'head')!.name;
  const costs = table.methods.map((name) => {
    const { prompts, ...rule } = study.methods.find((m) => m.name === name)!;
    // Prompts as a warm start has them: some tens of tokens.
    return relativeCost({ method: name, params: { added: 50 } }, { ...rule, ...(prompts && { prompts: 'added' }) });
  });
  const measured = (set: string, method: string): Measurement => ({
    ...{ method, pictures, short: false },
    top1: validation(set, method),
  });
  const truth = (s: number, method: string) => table.scores[s]![table.methods.indexOf(method)]!;
  const advised = (measure: (set: string, first: Expectation) => Measurement[]): Expectation[] =>
    table.sets.map((set, s) => {
      const prior = methodPrior(withoutSet(table, s));
      const expect = (known: Measurement[]) =>
        expectation(table.methods, drawAccuracies(prior, known, { draws: 2000 }), costs);
      return expect(measure(set, expect([measured(set, head)])));
    });
  const rows: [string, Expectation[] | undefined, (s: number) => string][] = [
    ['the best mean of the other sets', undefined, (s) => {
      const { scores } = withoutSet(table, s);
      return table.methods[indexOfMax(table.methods.map((_, m) => mean(scores.map((row) => row[m]!))))]!;
    }],
  ]; // biome-ignore format: a table
  const add = (knowing: string, expectations: Expectation[]) =>
    rows.push([knowing, expectations, (s) => expectations[s]!.take]);
  add(
    'the other sets',
    advised(() => []),
  );
  add(
    'and the head on cached features',
    advised((set) => [measured(set, head)]),
  );
  add(
    'and three whole trainings',
    advised((set, first) => {
      const most = first.methods
        .filter(({ method }) => method !== head)
        .toSorted((a, b) => b.expected.estimate - a.expected.estimate);
      return [measured(set, head), ...most.slice(0, 3).map(({ method }) => measured(set, method))];
    }),
  );
  const lost = (take: (s: number) => string) =>
    table.sets.map((_, s) => Math.max(...table.scores[s]!) - truth(s, take(s)));
  const baseline = lost(rows[0]![2]);
  return rows.map(([knowing, expectations, take]) => ({
    knowing,
    regret: bootstrapMean(lost(take), options),
    againstBaseline: pairedBootstrap(lost(take), baseline, options),
    cost: mean(table.sets.map((_, s) => costs[table.methods.indexOf(take(s))]!)),
    covered:
      expectations &&
      mean(
        expectations.flatMap(({ methods }, s) =>
          methods.map(({ method, expected }) =>
            Number(truth(s, method) >= expected.low && truth(s, method) <= expected.high),
          ),
        ),
      ),
    draws: (expectations ?? []).filter(({ words }) => words.startsWith('It makes no difference')).length,
  }));
}
