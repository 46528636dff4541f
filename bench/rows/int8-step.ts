// LoRA's training step with the frozen weights in int8, beside torch in bf16 and our own in fp32.
import { lora } from '../lib/methods.ts';
import { atLeast, compare, type Row } from '../lib/row.ts';
import { measureSides, ourSide, torchSide } from '../lib/sides.ts';
import type { Work } from '../lib/work.ts';

export const int8: NonNullable<Work['options']> = { precision: 'int8' };

export const int8Step: Row = {
  name: 'int8-step',
  quick: true,
  async measure(bench) {
    const work: Work = { model: bench.model, method: lora, kind: 'train', batch: bench.quick ? 8 : 16 };
    const sides = await measureSides(bench, {
      int8: () => ourSide(bench, { ...work, options: { ...work.options, ...int8 } }),
      fp32: () => ourSide(bench, work),
      torch: () => torchSide(bench, work, 'bf16'),
    });
    const { torch } = sides;
    const line = { unit: 'images/s', ours: sides.int8!.rates } as const;
    return [
      compare({
        ...line,
        work: 'int8 step, lora-8',
        theirs: torch?.rates,
        against: 'torch bf16',
        goal: atLeast(1.25),
        note: ['goal for AMX', sides.int8!.note, ...(torch ? [`torch ${torch.note}`] : [])].join('; '),
      }),
      compare({
        ...line,
        work: 'int8 step, lora-8',
        theirs: sides.fp32!.rates,
        against: 'ours, fp32',
        goal: atLeast(2.3),
        note: sides.int8!.note,
      }),
    ];
  },
};
