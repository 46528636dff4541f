// Inference with ViT-B/16: logits of a tuned model.
import { atLeast, compare, type Row } from '../lib/row.ts';
import { exportedSide, measureSides, ourSide, torchSide } from '../lib/sides.ts';
import type { Work } from '../lib/work.ts';

export const inference: Row = {
  name: 'inference',
  quick: false,
  async measure(bench) {
    const work: Work = { model: bench.model, method: { name: 'linear' }, kind: 'infer', batch: 16 };
    const { ours, int8, fp32, bf16 } = await measureSides(bench, {
      ours: () => ourSide(bench, work),
      int8: () => exportedSide(bench, work),
      fp32: () => torchSide(bench, work, 'fp32'),
      bf16: () => torchSide(bench, work, 'bf16'),
    });
    const line = { work: 'inference, fp32', unit: 'images/s', ours: ours!.rates } as const;
    const note = (our: typeof fp32, their: typeof fp32) =>
      [our!.note, ...(their ? [`torch ${their.note}`] : [])].join('; ');
    return [
      compare({ ...line, theirs: fp32?.rates, against: 'torch fp32', goal: atLeast(1), note: note(ours, fp32) }),
      compare({
        ...line,
        work: 'inference, int8',
        ours: int8!.rates,
        theirs: bf16?.rates,
        against: 'torch bf16',
        goal: atLeast(1.2),
        note: note(int8, bf16),
      }),
    ];
  },
};
