// Training steps of ViT-B/16 at 224 pixels in fp32, method by method, and their geometric mean.
import { fp32Methods } from '../lib/methods.ts';
import { atLeast, compare, type Row } from '../lib/row.ts';
import { measureSides, ourSide, torchSide } from '../lib/sides.ts';
import type { Work } from '../lib/work.ts';

/** Not with --quick, but for LoRA. */
const quickOnes = ['lora'];

export const fp32Steps: readonly Row[] = fp32Methods.map((method) => {
  const label = [method.name, ...Object.values(method.options ?? {})].join('-');
  return {
    name: `step-${method.name}`,
    quick: quickOnes.includes(method.name),
    async measure(bench) {
      const work: Work = { model: bench.model, method, kind: 'train', batch: bench.quick ? 8 : 16 };
      const { ours, torch } = await measureSides(bench, {
        ours: () => ourSide(bench, work),
        torch: () => torchSide(bench, work, 'fp32'),
      });
      return [
        compare({
          work: `fp32 step, ${label}`,
          unit: 'images/s',
          ours: ours!.rates,
          theirs: torch?.rates,
          against: 'torch fp32',
          goal: atLeast(1),
          note: [ours!.note, ...(torch ? [`torch ${torch.note}`] : [])].join('; '),
        }),
      ];
    },
  };
});
