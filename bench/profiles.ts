// npm run bench -- --profile: time by operator of the graphs that training and inference spend theirs in.
import { mkdir } from 'node:fs/promises';
import { evaluationAtOnce } from '../src/train/at-once.ts';
import { type Bench, newFolder, startInference, startTraining } from './lib/bench.ts';
import { full, lora } from './lib/methods.ts';
import { type Profile, readProfile } from './lib/profile.ts';
import { type Method, type Model, vitConfig, type Work } from './lib/work.ts';
import { int8 } from './rows/int8-step.ts';

export interface NamedProfile {
  readonly work: string;
  /** Pictures a run of the graph. */
  readonly batch: number;
  readonly profile: Profile;
}

/** Runs that are counted. */
const runs = 4;

async function profileFolder(bench: Bench): Promise<string> {
  const folder = newFolder(bench, 'profiles');
  await mkdir(folder);
  return folder;
}

interface Step {
  readonly work: string;
  readonly model: Model;
  readonly method: Method;
  readonly batch: number;
  readonly options?: Work['options'];
}

/** The embedded model's size, with random weights like the others. */
const embedded: Model = { size: 'tiny', imageSize: 96, depth: 5 };

const steps = (model: Model): readonly Step[] => [
  { work: 'step, lora', model, method: lora, batch: 4 },
  { work: 'step, lora in int8', model, method: lora, batch: 4, options: int8 },
  { work: 'step, full', model, method: full, batch: 4 },
  { work: 'step, lora, a model as large as the embedded one', model: embedded, method: lora, batch: 32 },
];

/** One graph with forward pass, gradients and optimizer. */
async function profileTraining(bench: Bench, { work, model, method, batch, options }: Step): Promise<NamedProfile> {
  const folder = await profileFolder(bench);
  const job: Work = { model, method, kind: 'train', batch, options: { microBatch: batch, ...options } };
  const { child } = await startTraining(bench, job, { VITUNE_PROFILE: folder });
  await child.ask({ steps: 1 + runs });
  await child.close();
  return { work, batch, profile: await readProfile(folder) };
}

async function profileInference(bench: Bench): Promise<NamedProfile> {
  const folder = await profileFolder(bench);
  const work = { model: bench.model, method: { name: 'linear' } } as const;
  const child = await startInference(bench, work, {}, { VITUNE_PROFILE: folder });
  const batch = evaluationAtOnce(vitConfig(bench.model), 'cpu');
  await child.ask({ batch, steps: 1 + runs });
  await child.close();
  return { work: 'inference', batch, profile: await readProfile(folder) };
}

export async function profiles(bench: Bench): Promise<readonly NamedProfile[]> {
  const results: NamedProfile[] = [];
  for (const step of steps(bench.model)) {
    bench.tell(`profiling ${step.work}`);
    results.push(await profileTraining(bench, step));
  }
  bench.tell('profiling inference');
  results.push(await profileInference(bench));
  return results;
}

/** Operators below this share are one line. */
const shown = 0.01;

/** Cells of a profile: operator, calls a run, milliseconds a run, share. */
export function profileRows({ operators }: Profile): readonly (readonly string[])[] {
  const total = operators.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const row = (name: string, calls: number, milliseconds: number) => [
    name,
    String(Math.round(calls)),
    milliseconds.toFixed(1),
    `${((100 * milliseconds) / total).toFixed(1)} %`,
  ];
  const [large, small] = [true, false].map((is) =>
    operators.filter(({ milliseconds }) => milliseconds / total >= shown === is),
  );
  const sum = (of: 'calls' | 'milliseconds') => small!.reduce((n, operator) => n + operator[of], 0);
  return [
    ...large!.map(({ operator, calls, milliseconds }) => row(operator, calls, milliseconds)),
    ...(small!.length > 0 ? [row(`${small!.length} others`, sum('calls'), sum('milliseconds'))] : []),
    row(
      'all',
      operators.reduce((n, { calls }) => n + calls, 0),
      total,
    ),
  ];
}

export const profileHeader = ['operator', 'calls', 'ms', 'share'] as const;
