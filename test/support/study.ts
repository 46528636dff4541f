// Studies for tests: plans whose trials cost nothing, because the run function only looks at the spec.
import { join, resolve } from 'node:path';
import { DataError } from '../../src/base/errors.ts';
import { sha256 } from '../../src/base/identity.ts';
import { stream } from '../../src/base/rng.ts';
import { planPresets } from '../../src/presets/index.ts';
import { openPlan, type Study } from '../../src/study/check.ts';
import type { StudyEnvironment, TrialJob, TrialResult } from '../../src/study/environment.ts';
import type { TrialRow } from '../../src/study/rows.ts';
import type { Group, Tally } from '../../src/study/tally.ts';
import type { Metrics } from '../../src/train/metrics.ts';
import { tinyConfig } from './tiny.ts';

const valCount = 40;

export const metrics = (top1: number, pictures = valCount): Metrics => ({
  top1,
  top5: 1,
  loss: 1 - top1,
  meanClassAccuracy: top1,
  ece: 0,
  pictures,
});

/** A made-up result that depends on the trial only: right on a share of the pictures drawn from its id. */
export function madeUp({ id, spec }: Pick<TrialJob, 'id' | 'spec'>): TrialResult {
  const rng = stream(0, 'made-up', id);
  const valRight = Uint8Array.from({ length: valCount }, () => (rng.uniform() < 0.7 ? 1 : 0));
  const top1 = valRight.reduce((n, r) => n + r, 0) / valCount;
  const isFinal = spec.phase === 'final';
  return {
    val: isFinal ? undefined : metrics(top1),
    tests: isFinal ? { test: metrics(top1) } : {},
    parameters: 100,
    seconds: 1,
    memory: 1e8,
    keptEpoch: 0,
    valRight: isFinal ? undefined : valRight,
    files: { 'adapter_model.safetensors': new TextEncoder().encode(id) },
  };
}

/**
 * Folders called `.../none` are not there; `.../known` is of a known group; `.../noval` has no validation pictures and `.../notest` no test pictures, as rounds
 * called final and tune. Everything else exists.
 */
export function fakeEnvironment(run: StudyEnvironment['run'] = async (job) => madeUp(job)): StudyEnvironment {
  return {
    presets: planPresets,
    defaultModel: 'tiny',
    locateData: (reference, from) => resolve(from, reference),
    locateModel: (reference, from) => join(from, reference),
    async data({ data, protocol: { round } }) {
      if (data.endsWith('/none')) throw new DataError(`data ${data}: no such folder`);
      const val = data.endsWith('/noval') || round === 'final' ? 0 : valCount;
      const test = data.endsWith('/notest') || round === 'tune' ? 0 : 50;
      const fingerprint = sha256(`${data} ${round}`);
      const group = data.endsWith('/known') ? 'Known' : undefined;
      const pictures = { train: 100, val, test };
      return { name: data.split('/').at(-1)!, classes: 3, group, pictures, testPasses: test, fingerprint };
    },
    async model(folder) {
      const name = folder.split('/').at(-1)!;
      if (name === 'none') throw new DataError(`model ${folder}: no such folder`);
      return { name, config: tinyConfig, fingerprint: sha256(folder) };
    },
    run,
  };
}

export const planOf = (yaml: string, environment = fakeEnvironment()): Promise<Study> =>
  openPlan(yaml, 'study.yaml', '/nowhere', environment);

/** 3 grid points, 2 seeds, one cell. */
export const smallPlan = `
name: small
data: shapes
methods: { name: lora, options: { rank: [2, 4, 8] } }
seeds: [0, 1]
`;

/** What the store counts by SQL, counted by hand from the rows in their order. */
export function tallyOf(rows: readonly TrialRow[]): Tally {
  const groups = new Map<string, Group>();
  for (const { cell, phase, round, state, skipped, seconds } of rows) {
    if (skipped && state === 'queued') continue;
    const key = [String(cell).padStart(6), phase, round, state].join();
    const before = groups.get(key) ?? { cell, phase, round, state, runs: 0, seconds: 0 };
    groups.set(key, { ...before, runs: before.runs + 1, seconds: before.seconds + (seconds ?? 0) });
  }
  const best = new Map<number, Tally['best'][number]>();
  for (const { cell, phase, val, point } of rows)
    if (phase === 'tune' && val && !((best.get(cell)?.val ?? -1) >= val.top1))
      best.set(cell, { cell, params: point.params, val: val.top1 });
  return {
    groups: [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group),
    running: rows.flatMap(({ id, cell, phase, round, state }) =>
      state === 'running' ? [{ trial: id, cell, phase, round }] : [],
    ),
    best: [...best.values()].sort((a, b) => a.cell - b.cell),
    failures: rows.flatMap(({ id, cell, point, state, reason }) =>
      state === 'failed' ? [{ trial: id, cell, params: point.params, reason }] : [],
    ),
  };
}
