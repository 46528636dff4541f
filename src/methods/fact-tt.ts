// FacT-TT (Jie & Deng 2023): the weight updates of the whole network as one tensor train; each layer has its own middle
// matrix. V starts at zero; the study's init overwrites all three.
import { transpose } from '../graph/ops/shape.ts';
import { torchLinear } from '../model/sites.ts';
import { factHandlers, factOptionTable, factPaper, needsWholePieces, pieces } from './fact.ts';
import { defineMethod } from './method.ts';

export const factTt = defineMethod({
  name: 'fact-tt',
  summary: 'weight updates of all layers as one tensor train',
  paper: factPaper,
  learningRate: 1e-3,
  options: factOptionTable(16, [8, 16, 32]),
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
