// The time left, told while a study runs by a clock of its own: two workers, runs whose times differ by method, data and phase.
import { expect, it } from 'vitest';
import { fakeEnvironment, planOf, tallyOf } from '../../test/support/study.ts';
import { stream } from '../base/rng.ts';
import type { StudyEnvironment } from './environment.ts';
import { firstTrials, studyRow } from './protocol.ts';
import type { NewTrial, StudyRow, TrialRow, WorkerRow } from './rows.ts';
import { standingOf } from './standing.ts';

const plan = `
name: timed
data: [small, large]
methods:
  - linear
  - bitfit
  - { name: lora, options: { rank: [4, 16] } }
  - ssf
  - { name: adaptformer, options: { bottleneck: [8, 32] } }
  - full
training: { epochs: 4, learningRate: [0.001, 0.01] }
seeds: [0, 1]
`;
interface Scenario {
  readonly pictures: { readonly train: number; readonly val: number; readonly test: number };
  readonly testPasses: number;
  /** Seconds of a tuning run. */
  readonly tune: Readonly<Record<string, number>>;
  /** Of a final run: its training in tuning runs, and seconds of its tests. */
  readonly finalFactor: number;
  readonly testSeconds: number;
}

const scenarios: readonly (readonly [string, Scenario])[] = [
  [
    // As vitune-tiny's runs relate to each other on a CPU.
    'as many pictures to validate on as to train on',
    {
      pictures: { train: 400, val: 400, test: 900 },
      testPasses: 900,
      tune: { linear: 4, bitfit: 11, lora: 13, ssf: 15, adaptformer: 12, full: 20 },
      finalFactor: 1.7,
      testSeconds: 0,
    },
  ],
  [
    // As DINOv2-S on emoji: a linear probe trains and tests on cached features.
    'shifted test sets and their WiSE-FT curves',
    {
      pictures: { train: 400, val: 100, test: 316 },
      testPasses: 24_000,
      tune: { linear: 0.5, bitfit: 42, lora: 36, ssf: 40, adaptformer: 37, full: 85 },
      finalFactor: 1.2,
      testSeconds: 216,
    },
  ],
];
const workers = 2;

it.each(scenarios)('is right within 20 %% after the first tenth: %s', async (_, scenario) => {
  const { pictures, testPasses, finalFactor, testSeconds } = scenario;
  const here = fakeEnvironment();
  const data: StudyEnvironment['data'] = async (spec) => ({ ...(await here.data(spec)), pictures, testPasses });
  const planned = await planOf(plan, { ...here, data });
  const { plan: made, cells } = planned;
  const study: StudyRow = { ...studyRow(planned), status: 'running', created: 0 };
  const rng = stream(0, 'durations');
  const durationOf = ({ cell, phase }: Pick<NewTrial, 'cell' | 'phase'>) => {
    const { method, data: set } = cells[cell]!;
    const tune = scenario.tune[method]! * (set === 'large' ? 1.5 : 1);
    const tests = testSeconds * (method === 'linear' ? 0.15 : 1);
    const whole = phase === 'final' ? tune * finalFactor + tests : tune;
    return whole * (0.9 + 0.2 * rng.uniform());
  };
  interface Job extends TrialRow {
    start: number;
    end: number;
  }
  const job = (trial: Pick<NewTrial, 'id' | 'cell' | 'phase' | 'round' | 'ordinal' | 'point'>): Job => ({
    ...trial,
    skipped: false,
    state: 'queued',
    failures: 0,
    reason: null,
    val: null,
    tests: null,
    parameters: null,
    seconds: durationOf(trial),
    memory: null,
    start: 0,
    end: 0,
  });
  const tune = firstTrials(planned).map(job);
  const finals = cells.flatMap((_, cell) =>
    made.seeds.map((seed) =>
      job({
        id: `${cell} ${seed}`,
        cell,
        phase: 'final',
        round: 0,
        ordinal: 1e9 + cell,
        point: { position: [], params: {} },
      }),
    ),
  );
  // Each worker takes the next run in the queue's order.
  const free: number[] = Array(workers).fill(0);
  for (const run of [...tune.sort((a, b) => a.ordinal - b.ordinal), ...finals]) {
    const worker = free.indexOf(Math.min(...free));
    run.start = free[worker]!;
    run.end = run.start + run.seconds!;
    free[worker] = run.end;
  }
  const end = Math.max(...free);
  for (let share = 0.1; share < 0.9; share += 0.02) {
    const now = share * end;
    // All final runs of a cell come into the store at once.
    const begun = new Set(finals.flatMap(({ cell, start }) => (start <= now ? [cell] : [])));
    const known = [...tune, ...finals.filter(({ cell }) => begun.has(cell))];
    const rows = known.map(({ start, end: over, ...row }): TrialRow => {
      const state = over <= now ? 'done' : start <= now ? 'running' : 'queued';
      return { ...row, state, seconds: state === 'done' ? row.seconds : null };
    });
    const busy = known.filter((run) => run.start <= now && run.end > now);
    const atWork = busy.map(
      (run): WorkerRow => ({
        id: run.id,
        host: 'here',
        pid: 1,
        heartbeat: now,
        stopped: false,
        progress: { trial: run.id, label: '', epoch: 0, epochs: 1, share: (now - run.start) / run.seconds! },
      }),
    );
    const { workDone, workLeft } = standingOf(study, tallyOf(rows), atWork);
    const left = (workLeft * now) / workDone;
    expect(Math.abs(left - (end - now)) / (end - now), `after ${share.toFixed(2)}`).toBeLessThan(0.2);
  }
});
