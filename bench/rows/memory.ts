// The most memory that a training step of ViT-B/16 ever holds, processes and all, at batch 8.

import type { Bench } from '../lib/bench.ts';
import { full, lora } from '../lib/methods.ts';
import { atMost, compare, type Goal, type Row } from '../lib/row.ts';
import { ourSide, type Side, torchSide } from '../lib/sides.ts';
import type { Method, Work } from '../lib/work.ts';
import { int8 } from './int8-step.ts';

/** Peak after two steps, the process then closed. */
async function peakOf(side: Side | undefined): Promise<{ readonly bytes: number; readonly note: string } | undefined> {
  if (!side) return undefined;
  await side.measure();
  await side.close();
  return { bytes: side.peakBytes(), note: side.note };
}

interface Options {
  readonly label: string;
  readonly method: Method;
  readonly goal: Goal;
  readonly quick: boolean;
  readonly options?: Work['options'];
}

/**
 * The goal is for a run whose micro-batch is known; the first one tries others, too. With --quick the rows of steps before
 * have made it known.
 */
const memoryRow = ({ label, method, goal, quick, options = {} }: Options): Row => ({
  name: `memory-${label}`,
  quick,
  async measure(bench: Bench) {
    const work: Work = { model: bench.model, method, kind: 'train', batch: 8 };
    const ours = async () => (await peakOf(await ourSide(bench, { ...work, options })))!;
    const probing = bench.quick ? undefined : await ours();
    const known = await ours();
    const torch = await peakOf(await torchSide(bench, work, 'fp32', [work.batch]));
    const line = { unit: 'bytes', theirs: torch && [torch.bytes], against: 'torch fp32', note: known.note } as const;
    return [
      compare({ ...line, work: `peak memory, ${label}, B = 8`, ours: [known.bytes], goal }),
      ...(probing
        ? [compare({ ...line, work: `peak memory, ${label}, first run, with its probe`, ours: [probing.bytes] })]
        : []),
    ];
  },
});

export const memory: readonly Row[] = [
  memoryRow({ label: 'lora', method: lora, goal: atMost(1), quick: true }),
  memoryRow({ label: 'int8', method: lora, goal: atMost(0.6), quick: true, options: int8 }),
  memoryRow({ label: 'full', method: full, goal: atMost(1.2), quick: false }),
];
