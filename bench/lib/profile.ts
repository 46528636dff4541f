// Where the time of a graph goes, by operator: reads the profiles that ONNX Runtime writes with VITUNE_PROFILE.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

export interface OperatorTime {
  readonly operator: string;
  /** A run of the graph. */
  readonly calls: number;
  readonly milliseconds: number;
}

export interface Profile {
  readonly runs: number;
  /** Slowest first. */
  readonly operators: readonly OperatorTime[];
}

/** Trace events, microseconds. */
const traceEvent = z.object({
  cat: z.string(),
  name: z.string(),
  ts: z.number().optional(),
  dur: z.number().optional(),
  args: z.object({ op_name: z.string().optional() }).optional(),
});

type TraceEvent = z.infer<typeof traceEvent>;

/** All but the first run, which also sets up memory. */
export function profileOf(events: readonly TraceEvent[]): Profile {
  const runs = events.filter(({ name }) => name === 'model_run');
  const first = runs.reduce((end, { ts = 0, dur = 0 }) => Math.min(end, ts + dur), Number.POSITIVE_INFINITY);
  const sums = new Map<string, { calls: number; milliseconds: number }>();
  for (const { cat, name, ts = 0, dur = 0, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time') || ts < first) continue;
    const operator = args?.op_name ?? 'unknown';
    const { calls, milliseconds } = sums.get(operator) ?? { calls: 0, milliseconds: 0 };
    sums.set(operator, { calls: calls + 1, milliseconds: milliseconds + dur / 1000 });
  }
  const counted = Math.max(1, runs.length - 1);
  const operators = [...sums].map(([operator, { calls, milliseconds }]) => ({
    operator,
    calls: calls / counted,
    milliseconds: milliseconds / counted,
  }));
  return { runs: counted, operators: operators.sort((a, b) => b.milliseconds - a.milliseconds) };
}

/** Of the session that ran most often, among those whose profiles are in the folder. */
export async function readProfile(folder: string): Promise<Profile> {
  const profiles: Profile[] = [];
  for (const name of await readdir(folder)) {
    const events = JSON.parse(await readFile(join(folder, name), 'utf8')) as unknown;
    profiles.push(profileOf(z.array(traceEvent).parse(events)));
  }
  return profiles.reduce((most, profile) => (profile.runs > most.runs ? profile : most));
}
