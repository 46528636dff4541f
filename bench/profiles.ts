// npm run bench -- --profile: time by operator of the graphs that training and inference spend theirs in.
import { mkdir } from 'node:fs/promises';
import { evaluationAtOnce } from '../src/train/at-once.ts';
import { type Bench, newFolder, startInference, startTraining } from './lib/bench.ts';
import { full, lora } from './lib/methods.ts';
import { type Profile, readProfile } from './lib/profile.ts';
import { type Method, vitConfig } from './lib/work.ts';

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

/** One graph with forward pass, gradients and optimizer. */
async function profileTraining(bench: Bench, method: Method, options = {}): Promise<Profile> {
  const folder = await profileFolder(bench);
  const batch = 4;
  const work = {
    model: bench.model,
    method,
    kind: 'train',
    batch,
    options: { microBatch: batch, ...options },
  } as const;
  const { child } = await startTraining(bench, work, { VITUNE_PROFILE: folder });
  await child.ask({ steps: 1 + runs });
  await child.close();
  return readProfile(folder);
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
  for (const method of [lora, full]) {
    bench.tell(`profiling ${method.name}`);
    results.push({ work: `step, ${method.name}`, batch: 4, profile: await profileTraining(bench, method) });
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
