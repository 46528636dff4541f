// What our measured programs share: JSON lines in and out, clocks, and the process's peak memory.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Answer } from '../lib/work.ts';

type Library = typeof import('../../src/index.ts');

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** The next request, or undefined at the end of the input. */
export async function read<T>(): Promise<T | undefined> {
  const line = await lines.next();
  return line.done ? undefined : (JSON.parse(line.value as string) as T);
}

export const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

/** The built library, so that what is measured is what users get. */
export const load = async (address: string): Promise<Library> => (await import(address)) as Library;

/** The kernel's high-water mark; `resourceUsage` may tell the parent's, which a process inherits until it starts a program. */
function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
}

/** Answers every further request by so many calls of `step`, which returns the loss where there is one. */
export async function serve<Request extends { readonly steps: number }>(
  step: (request: Request) => Promise<number | undefined>,
): Promise<void> {
  for (let request = await read<Request>(); request; request = await read<Request>()) {
    const [wall, cpu, losses]: [number[], number[], number[]] = [[], [], []];
    for (let i = 0; i < request.steps; i++) {
      const [begun, used] = [performance.now(), process.cpuUsage()];
      const loss = await step(request);
      const { user, system } = process.cpuUsage(used);
      wall.push((performance.now() - begun) / 1e3);
      cpu.push((user + system) / 1e6);
      if (loss !== undefined) losses.push(loss);
    }
    const answer: Answer = { wall, cpu, losses, peakBytes: peakBytes() };
    print(answer);
  }
}
