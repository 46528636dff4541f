// Inference with ViT-B/16: logits of a tuned model.
import { atLeast, compare, type Row } from '../lib/row.ts';
import { measureSides, ourSide, torchSide } from '../lib/sides.ts';
import type { Work } from '../lib/work.ts';

export const inference: Row = {
  name: 'inference',
  quick: false,
  async measure(bench) {
    const work: Work = { model: bench.model, method: { name: 'linear' }, kind: 'infer', batch: 16 };
    const { ours, fp32, bf16 } = await measureSides(bench, {
      ours: () => ourSide(bench, work),
      fp32: () => torchSide(bench, work, 'fp32'),
      bf16: () => torchSide(bench, work, 'bf16'),
    });
    const line = { work: 'inference, fp32', unit: 'images/s', ours: ours!.rates } as const;
    const note = (of: typeof fp32) => [ours!.note, ...(of ? [`torch ${of.note}`] : [])].join('; ');
    return [
      compare({ ...line, theirs: fp32?.rates, against: 'torch fp32', goal: atLeast(1), note: note(fp32) }),
      compare({ ...line, theirs: bf16?.rates, against: 'torch bf16', note: note(bf16) }),
    ];
  },
};
