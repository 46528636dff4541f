// The most memory that a training step of ViT-B/16 ever holds, processes and all, at batch 8.

import type { Bench } from '../lib/bench.ts';
import { full, lora } from '../lib/methods.ts';
import { atMost, compare, type Goal, type Row } from '../lib/row.ts';
import { ourSide, type Side, torchSide } from '../lib/sides.ts';
import type { Method, Work } from '../lib/work.ts';

/** Peak after two steps, the process then closed. */
async function peakOf(side: Side | undefined): Promise<{ readonly bytes: number; readonly note: string } | undefined> {
  if (!side) return undefined;
  await side.measure();
  await side.close();
  return { bytes: side.peakBytes(), note: side.note };
}

const memoryRow = (method: Method, goal: Goal, quick: boolean): Row => ({
  name: `memory-${method.name}`,
  quick,
  async measure(bench: Bench) {
    const work: Work = { model: bench.model, method, kind: 'train', batch: 8 };
    const probing = (await peakOf(await ourSide(bench, work)))!;
    const ours = (await peakOf(await ourSide(bench, work)))!; // the choice of a micro-batch is remembered by now
    const torch = await peakOf(await torchSide(bench, work, 'fp32', [work.batch]));
    const line = { unit: 'bytes', theirs: torch && [torch.bytes], against: 'torch fp32', note: ours.note } as const;
    return [
      compare({ ...line, work: `peak memory, ${method.name}, B = 8`, ours: [ours.bytes], goal }),
      compare({ ...line, work: `peak memory, ${method.name}, first run, with its probe`, ours: [probing.bytes] }),
    ];
  },
});

export const memory: readonly Row[] = [memoryRow(lora, atMost(1), true), memoryRow(full, atMost(1.2), false)];
