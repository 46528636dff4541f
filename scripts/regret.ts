// npm run regret [-- --json]: how good recommended grid points are, leave-one-set-out on the published study's trials.
import { methodRegret } from '../src/analysis/advise/method-regret.ts';
import { publishedRegret, vtabValidationPictures } from '../src/analysis/advise/published-regret.ts';
import type { RegretRow } from '../src/analysis/advise/regret.ts';
import { loadPublishedStudy } from '../src/analysis/published/load.ts';
import type { Interval } from '../src/analysis/statistics/bootstrap.ts';
import { table } from '../src/cli/output.ts';

const study = loadPublishedStudy();
const report = publishedRegret(study, { resamples: 10_000 });
const methods = methodRegret(study, vtabValidationPictures, { resamples: 10_000 });

function print(title: string, heads: readonly string[], rows: readonly RegretRow[]): void {
  const points = (x: number, sign = false): string => `${sign && x > 0 ? '+' : ''}${(100 * x).toFixed(2)}`;
  const range = ({ low, high }: Interval, sign = false): string => `[${points(low, sign)}, ${points(high, sign)}]`;
  const cell = (row: RegretRow, i: number): string => {
    const against = row.againstBaseline[i]!;
    const difference =
      against.low === 0 && against.high === 0
        ? 'the same'
        : `${row.outcome[i]} ${points(against.estimate, true)} ${range(against, true)}`;
    return `${points(row.regret[i]!.estimate)} ${range(row.regret[i]!)}  ${difference}`;
  };
  const lines = rows.flatMap((row) => heads.map((head, i) => [i === 0 ? row.recommender : '', head, cell(row, i)]));
  console.log(`${title}\n\n${table(['recommender', 'after', 'regret [95 %]  against greedy [95 %]'], lines)}\n`);
}

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ ...report, methods }));
} else {
  console.log(
    `${report.sets} sets, ${report.points} grid points; each set in turn is held out and everything chosen from the others.\n` +
      'Regret: best validation accuracy in the grid minus best found, points, mean over sets; intervals are bootstraps over\n' +
      `the sets. The table is noisy: its best point leads the second by ${(100 * report.leads.second).toFixed(1)}, the tenth by ${(100 * report.leads.tenth).toFixed(1)} points.\n`,
  );
  print(
    'By number of trials',
    report.trials.map((k) => `${k} trials`),
    report.byTrials,
  );
  for (const { cachedHead, rows } of report.byCost)
    print(
      `By cost (assumed: forward passes a step; linear ${cachedHead}, few parameters 2, all 3, prompts more)`,
      report.trials.map((k) => `${k} times 2`),
      rows,
    );
  const points = (x: number): string => (100 * x).toFixed(2);
  const range = ({ estimate, low, high }: Interval): string => `${points(estimate)} [${points(low)}, ${points(high)}]`;
  console.log(
    `Choosing a method for the set held out, knowing ... (test accuracy of its best method minus that of the method taken)\n\n${table(
      ['knowing', 'regret [95 %]', 'against the first [95 %]', 'cost', 'intervals hold', 'no difference'],
      methods.map((row) => [
        row.knowing,
        range(row.regret),
        range(row.againstBaseline),
        row.cost.toFixed(2),
        row.covered === undefined ? '' : `${(100 * row.covered).toFixed(0)} %`,
        `${row.draws} of ${report.sets}`,
      ]),
    )}`,
  );
}
