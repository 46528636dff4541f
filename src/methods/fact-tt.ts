// FacT-TT (Jie & Deng 2023): the weight updates of the whole network as one tensor train; each layer has its own middle
// matrix. V starts at zero; the study's init overwrites all three.
import { transpose } from '../graph/ops/shape.ts';
import { torchLinear } from '../model/sites.ts';
import { factHandlers, needsWholePieces, pieces } from './fact.ts';
import { defineMethod } from './method.ts';
import { dropout, scale, variant } from './options.ts';

export const factTt = defineMethod({
  name: 'fact-tt',
  summary: 'weight updates of all layers as one tensor train',
  paper: {
    title: 'FacT: Factor-Tuning for Lightweight Adaptation on Vision Transformer (Jie & Deng 2023)',
    url: 'https://arxiv.org/abs/2212.03145',
  },
  learningRate: 1e-3,
  options: {
    rank: { type: 'integer', default: 16, min: 1, max: 1024, help: 'rank r of the factors', grid: [8, 16, 32] },
    scale: scale(1, [0.01, 0.1, 1, 10, 100]),
    dropout: dropout(0.1, 'the factors before V'),
    variant,
  },
  start: 'pretrained',
  count: '2 C rank + (4 + 2 M) rank rank L',
  strength: 'the update times alpha',
  refuses: needsWholePieces,
  at(options, config) {
    const r = options.rank;
    const M = pieces(config);
    const start = options.variant === 'study' ? ({ kind: 'normal', std: 0.02 } as const) : undefined;
    return factHandlers(
      'fact-tt',
      config,
      options,
      (context, site) => {
        const [rows, columns] = site.part === 'fc1' ? [M * r, r] : site.part === 'fc2' ? [r, M * r] : [r, r];
        const matrix = context.param(`${site.name}.fact-tt.middle`, [rows, columns], start ?? torchLinear(columns));
        return transpose(matrix, [1, 0]); // stored as a torch Linear, (out, in)
      },
      start,
    );
  },
});
