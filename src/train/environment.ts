// What a run was made with: versions, machine, device. Recorded, never part of a run's identity.
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { Runtime } from '../runtime/session.ts';

interface Package {
  readonly version: string;
}

/** The package.json above this file: two rooms up, in src/ and in dist/ alike. */
export const vituneVersion = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Package
).version;

export function environment(runtime: Runtime, microBatch: number) {
  return {
    vitune: vituneVersion,
    engine: runtime.engine,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    ...runtime.options,
    microBatch,
  };
}
