// SSF (Lian et al. 2022): every layer's output is scaled and shifted by channel: the patch projection, both norms of a block,
// q, k, v, proj, fc1 (before the activation), fc2 and the last norm. Starts near 1 and 0, not at them, by its design.
import { add, mul } from '../graph/ops/elementwise.ts';
import type { AfterSite, LinearSite, MethodContext } from '../model/sites.ts';
import { defineMethod } from './method.ts';
import { factor, scaledLayer } from './scale-shift.ts';

function scaleAndShift(context: MethodContext, { name }: LinearSite | AfterSite, width: number) {
  const start = (mean: number) => ({ kind: 'normal', std: 0.02, mean }) as const;
  return {
    scale: factor(context, context.param(`${name}.ssf.scale`, [width], start(1))),
    shift: context.contribution(context.param(`${name}.ssf.shift`, [width], start(0))),
  };
}

/** Not after CLIP's norm before the blocks. */
const isPlace = (site: AfterSite): boolean => site.part !== 'norm_pre';

export const ssf = defineMethod({
  name: 'ssf',
  summary: 'a scale and a shift by channel after every layer',
  paper: {
    title: 'Scaling & Shifting Your Features (Lian et al. 2022)',
    url: 'https://arxiv.org/abs/2210.08823',
  },
  learningRate: 5e-3,
  options: {},
  start: 'other',
  count: '2 ((7 C + H) L + 2 C)',
  strength: 'scales go from 1 to the tuned ones, shifts from 0',
  at: () => ({
    linear(context, { site, x, next }) {
      const { scale, shift } = scaleAndShift(context, site, site.outputs);
      return add(mul(next(x), scale), shift);
    },
    after(context, { site, y }) {
      if (!isPlace(site)) return y;
      const { scale, shift } = scaleAndShift(context, site, y.shape.at(-1)!);
      return add(mul(y, scale), shift);
    },
    fold: {
      linear(context, { site, layer }) {
        const { scale, shift } = scaleAndShift(context, site, site.outputs);
        return scaledLayer(layer, scale, shift);
      },
      after(context, { site, layer }) {
        if (!isPlace(site)) return layer;
        const { scale, shift } = scaleAndShift(context, site, layer.weight.shape[0]!);
        return scaledLayer(layer, scale, shift);
      },
    },
  }),
});
