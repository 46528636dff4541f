// (IA)3 (Liu et al. 2022): a trained vector multiplies keys, values and the MLP's hidden features, starting at 1. At an
// output it scales the bias too, as HF PEFT does.
import { mul } from '../graph/ops/elementwise.ts';
import { reshape } from '../graph/ops/shape.ts';
import { type LinearSite, type MethodContext, ones } from '../model/sites.ts';
import { defineMethod } from './method.ts';
import { linearParts } from './options.ts';
import { factor, scaledLayer } from './scale-shift.ts';

const nameOf = (site: LinearSite, side: 'input' | 'output') => `${site.name}.ia3.${side}`;

const vector = (context: MethodContext, site: LinearSite, side: 'input' | 'output') =>
  factor(context, context.param(nameOf(site, side), [side === 'input' ? site.inputs : site.outputs], ones));

export const ia3 = defineMethod({
  name: 'ia3',
  summary: 'factors by channel on keys, values and hidden features',
  paper: {
    title: 'Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning (Liu et al. 2022)',
    url: 'https://arxiv.org/abs/2205.05638',
  },
  learningRate: 1e-2,
  options: {
    outputs: { type: 'set', choices: linearParts, default: ['k', 'v'], help: 'layers whose output is scaled' },
    inputs: { type: 'set', choices: linearParts, default: ['fc2'], help: 'layers whose input is scaled' },
  },
  start: 'pretrained',
  count: '(2 C + H) L',
  strength: 'factors go from 1 to the tuned ones',
  peft: {
    layer: ({ outputs, inputs }, site) =>
      (['input', 'output'] as const)
        .filter((side) => (side === 'input' ? inputs : outputs).includes(site.part))
        .map((side) => ({ kind: 'factors', side, vector: nameOf(site, side) })),
    options: (common) => (common.kind === 'factors' ? { outputs: common.outputs, inputs: common.inputs } : undefined),
  },
  at: ({ outputs, inputs }) => ({
    linear(context, { site, x, next }) {
      const z = inputs.includes(site.part) ? mul(x, vector(context, site, 'input')) : x;
      return outputs.includes(site.part) ? mul(next(z), vector(context, site, 'output')) : next(z);
    },
    fold: {
      linear(context, { site, layer }) {
        const columns = inputs.includes(site.part)
          ? { ...layer, weight: mul(layer.weight, reshape(vector(context, site, 'input'), [1, site.inputs])) }
          : layer;
        return outputs.includes(site.part) ? scaledLayer(columns, vector(context, site, 'output')) : columns;
      },
    },
  }),
});
