// Learning-rate schedules against timm's, torch's and transformers' own objects.
import { learningRate, type Schedule } from '../../../../src/train/schedule.ts';
import { type Case, skipped } from '../../case.ts';
import { figure, tolerances } from '../../compare.ts';

export interface ScheduleFixture {
  readonly lr?: number;
  readonly kwargs?: Readonly<Record<string, number | boolean>>;
  readonly T_max?: number;
  readonly eta_min?: number;
  readonly lr_right_after_construction?: number;
  readonly [values: string]: unknown;
}

const valuesOf = (fixture: ScheduleFixture): readonly number[] =>
  Object.values(fixture).find((value): value is number[] => Array.isArray(value)) ?? [];

/** timm's cosine as the published study steps it: epoch e + 1 trains with the value of epoch e. */
function studyCase(name: string, fixture: ScheduleFixture): Case {
  const { lr = 0, kwargs = {} } = fixture;
  const known = ['t_initial', 'lr_min', 'warmup_t', 'warmup_lr_init'];
  const other = Object.keys(kwargs).filter((key) => !known.includes(key));
  if (other.length > 0) return skipped(name, `no schedule of ours has ${other.join(', ')}`);
  const epochs = kwargs.t_initial as number;
  const schedule: Schedule = {
    kind: 'study',
    learningRate: lr,
    epochs,
    warmupEpochs: (kwargs.warmup_t as number | undefined) ?? 0,
    minLearningRate: (kwargs.lr_min as number | undefined) ?? 0,
    warmupStart: (kwargs.warmup_lr_init as number | undefined) ?? 0,
  };
  const want = [fixture.lr_right_after_construction!, ...valuesOf(fixture)].slice(0, epochs);
  const got = want.map((_, epoch) => learningRate(schedule, { step: 3 * epoch + 1, stepsPerEpoch: 3 }));
  return { name, run: async () => [figure('rates', got, want, tolerances.scalar)] };
}

/** torch's CosineAnnealingLR, one step an epoch: our cosine without a warm-up. */
function cosineCase(name: string, fixture: ScheduleFixture): Case {
  const all = valuesOf(fixture);
  const epochs = fixture.T_max!;
  const schedule: Schedule = {
    kind: 'warmup-cosine',
    learningRate: all[0]!,
    epochs,
    warmupEpochs: 0,
    minLearningRate: fixture.eta_min ?? 0,
    warmupStart: 0,
  };
  const want = all.slice(0, epochs + 1);
  const got = want.map((_, step) => learningRate(schedule, { step, stepsPerEpoch: 1 }));
  return { name, run: async () => [figure('rates', got, want, tolerances.scalar)] };
}

export function scheduleCase(name: string, fixture: ScheduleFixture): Case {
  if (fixture.kwargs && 't_initial' in fixture.kwargs) return studyCase(name, fixture);
  if (fixture.T_max !== undefined) return cosineCase(name, fixture);
  if ('warmup' in fixture)
    return skipped(name, "our warm-up differs on purpose: its first step moves, transformers' has rate 0");
  return skipped(name, 'no schedule of ours');
}
