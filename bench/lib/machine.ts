// The machine and the versions that figures belong to.
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { nodeRuntime } from '../../src/runtime/node.ts';
import type { Python } from './torch.ts';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** Instructions that decide what low precision is worth, of those that the processor has. */
  readonly instructions: readonly string[];
  readonly memoryBytes: number;
  readonly node: string;
  readonly engine: string;
  readonly torch: string | undefined;
}

const telling = ['avx512f', 'avx512_vnni', 'avx_vnni', 'avx512_bf16', 'amx_int8', 'amx_bf16'];

function flagsOf(): readonly string[] {
  try {
    return (/^flags\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '').split(' ');
  } catch {
    return []; // not Linux
  }
}

export function describeMachine(python: Python | undefined): Machine {
  const flags = flagsOf();
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    instructions: telling.filter((name) => flags.includes(name)),
    memoryBytes: totalmem(),
    node: process.version,
    engine: nodeRuntime().engine,
    torch: python?.torch,
  };
}

/** Processes that want a core, over the last minute: how much else the machine does. */
export const load = (): number => loadavg()[0]!;

export function machineText({ processor, cores, instructions, memoryBytes, node, engine, torch }: Machine): string {
  const has = instructions.length > 0 ? ` (${instructions.join(', ')})` : '';
  const versions = [`Node ${node}`, engine, torch ? `torch ${torch}` : 'no torch'].join(', ');
  return `${processor}${has}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB; ${versions}`;
}
