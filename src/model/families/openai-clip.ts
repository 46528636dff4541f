// The vision tower of CLIP in the names of OpenAI's code, which OpenCLIP's native towers share. A whole CLIP's text tower is
// left unread.
import { clipMean, clipStd } from '../../base/preprocessing.ts';
import { plainVit, type VitConfig } from '../config.ts';
import { transposed } from './arrangement.ts';
import type { Checkpoint, Source, Stated, TensorShapes, UnconfiguredFamily } from './family.ts';
import { depthOf, headsFor, patchSizes, positions, unseen } from './inference.ts';
import { type Names, naming } from './naming.ts';

const patches = 'visual.conv1.weight';
const block = 'visual.transformer.resblocks.#';
const names: Names = {
  cls_token: 'visual.class_embedding',
  pos_embed: 'visual.positional_embedding',
  'patch_embed.proj': 'visual.conv1',
  norm_pre: 'visual.ln_pre',
  'blocks.#.norm1': `${block}.ln_1`,
  'blocks.#.attn.proj': `${block}.attn.out_proj`,
  'blocks.#.norm2': `${block}.ln_2`,
  'blocks.#.mlp.fc1': `${block}.mlp.c_fc`,
  'blocks.#.mlp.fc2': `${block}.mlp.c_proj`,
  norm: 'visual.ln_post',
};
const ofTextTower =
  /^(?:positional_embedding|text_projection|logit_scale|logit_bias|input_resolution|context_length|vocab_size)$|^(?:transformer|token_embedding|ln_final)\./;

function read(stated: Stated, tensors: TensorShapes): Checkpoint {
  const { width: C, patchSize } = patchSizes(patches, tensors.get(patches)!.shape);
  const { heads, assumes } = headsFor(C, stated);
  const { assumes: alsoAssumes, ...unseenParts } = unseen(stated, { activation: 'quick_gelu', normEps: 1e-5 });
  const projection = tensors.get('visual.proj')?.shape[1];
  const config: VitConfig = {
    ...plainVit,
    ...unseenParts,
    ...positions(tensors.get('visual.positional_embedding')?.shape.at(-2) ?? 0, [1], patchSize, stated),
    family: 'clip',
    patchSize,
    width: C,
    depth: depthOf(tensors, /^visual\.transformer\.resblocks\.(\d+)\./),
    heads,
    hidden: tensors.get('visual.transformer.resblocks.0.mlp.c_fc.weight')?.shape[0] ?? 4 * C,
    preNorm: true,
    patchBias: false,
    projection: projection ?? 0,
  };
  const named = naming(tensors, [''], names);
  const source = (canonical: string): Source => {
    const part = /^blocks\.(\d+)\.attn\.([qkv])\.(weight|bias)$/.exec(canonical);
    if (part) {
      const start = 'qkv'.indexOf(part[2]!) * C;
      return { name: `${block.replace('#', part[1]!)}.attn.in_proj_${part[3]}`, rows: [start, start + C] };
    }
    return canonical === 'head.proj.weight' ? transposed('visual.proj', [C, projection!]) : named(canonical);
  };
  return {
    config,
    head: projection === undefined ? undefined : { kind: 'projection', outputs: projection },
    source,
    ignores: (name) => ofTextTower.test(name),
    resampling: 'bicubic_antialias', // OpenCLIP's; OpenAI's code knows one size only
    preprocessing: { interpolation: 'bicubic', mean: clipMean, std: clipStd },
    assumptions: [...assumes, ...alsoAssumes],
  };
}

export const openaiClip: UnconfiguredFamily = {
  name: 'openai-clip',
  recognises: (tensors) => tensors.has(patches),
  read,
};
