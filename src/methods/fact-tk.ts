// FacT-TK (Jie & Deng 2023): the weight updates of the whole network as one Tucker decomposition: a core T (r, r, r) and a
// matrix P (r, slots) with a column for each layer (a hidden layer of M pieces has M). A layer's middle matrix is T
// contracted with its columns. As the original, the M matrices of a hidden layer are laid out without permuting, so that
// each piece mixes all of them. V starts at zero; the study's init overwrites U and V.
import { matmul } from '../graph/ops/linear.ts';
import { reshape, slice, transpose } from '../graph/ops/shape.ts';
import type { LinearPart } from '../model/config.ts';
import { factHandlers, factOptionTable, factPaper, needsWholePieces, pieces } from './fact.ts';
import { defineMethod } from './method.ts';

/** First slot of a layer among those of its block, and how many it has. */
function slotsOf(part: LinearPart, M: number): readonly [first: number, count: number] {
  if (part === 'fc1') return [4, M];
  if (part === 'fc2') return [4 + M, M];
  return [['q', 'k', 'v', 'proj'].indexOf(part), 1];
}

export const factTk = defineMethod({
  name: 'fact-tk',
  summary: 'weight updates of all layers as one Tucker decomposition',
  paper: factPaper,
  learningRate: 1e-3,
  options: factOptionTable(32, [16, 32, 64]),
  start: 'pretrained',
  count: '2 C rank + (4 + 2 M) L rank + rank rank rank',
  strength: 'the update times alpha',
  refuses: needsWholePieces,
  at(options, config) {
    const r = options.rank;
    const M = pieces(config);
    const perBlock = 4 + 2 * M;
    const slots = perBlock * config.depth;
    return factHandlers(
      'fact-tk',
      config,
      options,
      (context, site) => {
        const core = context.param('fact-tk.core', [r, r, r], { kind: 'uniform', bound: Math.sqrt(3) / r });
        const P = context.param('fact-tk.P', [r, slots], { kind: 'uniform', bound: Math.sqrt(6 / (slots + r)) });
        const all = matmul(reshape(core, [r * r, r]), P); // (r r, slots); one product, shared by all layers
        const [first, count] = slotsOf(site.part, M);
        const from = site.block * perBlock + first;
        const own = reshape(slice(all, 1, from, from + count), [r, r * count]); // column j count + t is G[:, j, t]
        return site.part === 'fc2' ? transpose(own, [1, 0]) : own;
      },
      options.variant === 'study' ? { kind: 'normal', std: 0.02 } : undefined,
    );
  },
});
