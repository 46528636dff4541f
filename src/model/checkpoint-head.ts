// What a checkpoint itself makes of the tokens: its classifier, CLIP's projection, the pooler of older ViTs. Training makes
// a new head; these are for comparing logits with other libraries, and to start from.
import type { Shape } from '../base/tensor.ts';
import { add, scale, tanh } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import type { Value } from '../graph/types.ts';
import { featureWidth, type VitConfig } from './config.ts';
import type { Network } from './network.ts';
import { finalTokens, pool, rowOf } from './pooling.ts';
import type { Tokens } from './tokens.ts';

export interface CheckpointHead {
  /**
   * `classifier`: weight and bias on the feature. `distilled`: one classifier on the class token and one on the
   * distillation token, their logits averaged (DeiT). `projection`: into CLIP's shared space, without bias.
   * `pooler`: tanh of a linear layer (BERT's; transformers' ViTModel).
   */
  readonly kind: 'classifier' | 'distilled' | 'projection' | 'pooler';
  readonly outputs: number;
}

interface HeadParameter {
  readonly name: string;
  readonly shape: Shape;
}

/** The head's own parameters by canonical name. */
export function headParameters(config: VitConfig, { kind, outputs }: CheckpointHead): readonly HeadParameter[] {
  const layer = (name: string, width: number): HeadParameter[] => [
    { name: `${name}.weight`, shape: [outputs, width] },
    { name: `${name}.bias`, shape: [outputs] },
  ];
  switch (kind) {
    case 'classifier':
      return layer('head', featureWidth(config));
    case 'distilled':
      return [...layer('head', config.width), ...layer('head_dist', config.width)];
    case 'projection':
      return [{ name: 'head.proj.weight', shape: [outputs, config.width] }];
    case 'pooler':
      return layer('pooler', config.width);
  }
}

/** Tokens of the last block -> the head's outputs, (B, outputs). */
export function checkpointOutput(net: Network, tokens: Tokens, { kind }: CheckpointHead): Value {
  const apply = (name: string, x: Value) => linear(x, net.weight(`${name}.weight`), net.weight(`${name}.bias`));
  switch (kind) {
    case 'classifier':
      return apply('head', pool(net, tokens));
    case 'distilled': {
      const final = finalTokens(net, tokens);
      return scale(add(apply('head', rowOf(final, 'class')), apply('head_dist', rowOf(final, 'distillation'))), 0.5);
    }
    case 'projection':
      return linear(pool(net, tokens), net.weight('head.proj.weight'));
    case 'pooler':
      return tanh(apply('pooler', pool(net, tokens)));
  }
}
