// A grid's trials: eight that share a backbone, trained together in one graph, against the same ones one after another.
// Pictures, features and micro-batch are there before.
import { alternate, type Measure } from '../lib/alternate.ts';
import { lora } from '../lib/methods.ts';
import { atLeast, compare, type Goal, type Row } from '../lib/row.ts';
import { runTrials } from '../lib/trials.ts';
import type { Method } from '../lib/work.ts';

const [trials, count] = [8, 512];

const trialsRow = (method: Method, epochs: number, goal: Goal): Row => ({
  name: `trials-${method.name}`,
  quick: false,
  async measure(bench) {
    const grid = { method, trials, epochs, count } as const;
    bench.tell('decoding, deciding the micro-batch');
    await runTrials(bench, { ...grid, trials: 1, together: false });
    bench.tell('measuring');
    const rate =
      (together: boolean): Measure =>
      async () =>
        trials / (await runTrials(bench, { ...grid, together }))[bench.clock][0]!;
    const { ours, theirs } = await alternate({ ours: rate(true), theirs: rate(false) }, Math.min(3, bench.rounds));
    return [
      compare({
        work: `${trials} trials of ${method.name}, ${epochs} epochs of ${count} pictures, embedded model, together`,
        unit: 'trials/s',
        ours: ours!,
        theirs,
        against: 'ours, one after another',
        goal,
      }),
    ];
  },
});

export const trialRows: readonly Row[] = [
  trialsRow(lora, 2, atLeast(1.5)),
  trialsRow({ name: 'linear' }, 40, atLeast(6)),
];
