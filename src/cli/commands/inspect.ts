// vitune models inspect: what a checkpoint is, what it holds, and what keeps it from loading.
import { Command } from 'commander';
import { showShape, sizeOf } from '../../base/tensor.ts';
import { type CheckpointHead, headParameters } from '../../model/checkpoint-head.ts';
import { backboneParameters, gridOf, prefixTokens, type VitConfig } from '../../model/config.ts';
import { differences } from '../../model/fit.ts';
import { type OpenedCheckpoint, openCheckpoint } from '../../model/load.ts';
import { locateModel } from '../../model/locate.ts';
import { count, printJson } from '../output.ts';

const headNames: Readonly<Record<CheckpointHead['kind'], string>> = {
  classifier: 'a classifier',
  distilled: 'two classifiers, averaged',
  projection: 'a projection into the space of texts',
  pooler: 'a pooler (tanh of a linear layer)',
};

const total = (parameters: readonly { readonly shape: readonly number[] }[]) =>
  parameters.reduce((n, { shape }) => n + sizeOf(shape), 0);

/** How many tensors have each type, most frequent first. */
function typesOf({ file }: OpenedCheckpoint): string {
  const counts = new Map<string, number>();
  for (const { dtype } of file.tensors.values()) counts.set(dtype, (counts.get(dtype) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([dtype, n]) => `${n} ${dtype}`)
    .join(', ');
}

function architecture(c: VitConfig): string[] {
  const before = prefixTokens(c).map(({ name, count: n }) => (n === 1 ? name : `${n} ${name}`));
  const details = [
    c.mlp === 'gated' && 'gated MLP',
    c.layerScale && 'LayerScale',
    c.preNorm && 'norm before the blocks',
    c.qkNorm && 'norms on q and k',
    !c.qkvBias && 'no bias on q, k, v',
    c.qkvBias && !c.keyBias && 'no bias on k',
    c.ropeTheta !== null && `rotary positions of base ${c.ropeTheta}`,
  ].filter((detail) => detail !== false);
  const norms = {
    tokens: 'norm on the tokens',
    pooled: 'norm on the pooled feature',
    none: 'no norm after the blocks',
  };
  return [
    `pictures      ${c.imageSize.join(' x ')} pixels, ${gridOf(c).join(' x ')} patches of ${c.patchSize} x ${c.patchSize}`,
    `blocks        ${c.depth} of width ${c.width}, ${c.heads} heads, MLP ${c.hidden} with ${c.activation}`,
    `tokens        ${before.length > 0 ? `${before.join(', ')}, then the patches` : 'the patches only'}`,
    `feature       pooling ${c.pooling}, ${norms[c.finalNorm]} (epsilon ${c.normEps})`,
    ...(details.length > 0 ? [`also          ${details.join(', ')}`] : []),
  ];
}

export function inspect(): Command {
  return new Command('inspect')
    .description('explain a checkpoint: family, sizes, names, parameters, and what is missing or extra')
    .argument('<model>', 'built-in model, folder or weight file')
    .option('--json', 'print as JSON')
    .action(async (model: string, _flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<{ json?: boolean }>(); // `models` has the same flag and takes it first
      const opened = await openCheckpoint(locateModel(model));
      const { family, checkpoint, file, fit } = opened;
      const { config, head, source } = checkpoint;
      const preprocessing = await opened.preprocessing(config);
      const { assumptions = [] } = checkpoint;
      const backbone = total(backboneParameters(config));
      const headCount = head ? total(headParameters(config, head)) : 0;
      const lines = differences(fit);
      if (lines.length > 0) process.exitCode = 1;
      if (flags.json)
        return printJson({
          path: file.path,
          family,
          loads: lines.length === 0,
          config,
          head: head ?? null,
          parameters: { backbone, head: headCount },
          preprocessing,
          resampling: checkpoint.resampling,
          assumptions,
          missing: fit.missing,
          extra: fit.extra,
          misshapen: fit.misshapen,
          ignored: fit.ignored,
        });
      const first = source('blocks.0.attn.q.weight');
      const rows = first.rows ? `, rows ${first.rows[0]} to ${first.rows[1]}` : '';
      const { resize, resizeTo, interpolation } = preprocessing;
      const text = [
        `file          ${file.path}`,
        `family        ${family}`,
        ...architecture(config),
        `own head      ${head ? `${headNames[head.kind]}, ${head.outputs} outputs` : 'none'}`,
        `parameters    ${count(backbone)} in the backbone (${backbone}), ${count(headCount)} in its own head`,
        `tensors       ${file.tensors.size}: ${typesOf(opened)}`,
        `names         blocks.0.attn.q.weight is ${first.name}${rows}`,
        `preprocessing ${resize === 'shortest' ? 'shorter side' : 'resized'} to ${resizeTo}, ${interpolation}, mean ${showShape(preprocessing.mean)}, std ${showShape(preprocessing.std)}`,
        ...(config.ropeTheta === null
          ? [`positions     resampled by ${checkpoint.resampling} for other image sizes`]
          : []),
        ...(assumptions.length > 0
          ? [
              `assumed       ${assumptions.join(', ')}: neither weights nor a config.json say so;`,
              '              a config.json beside the weights with the fields in brackets overrides it',
            ]
          : []),
        ...(fit.ignored.length > 0 ? [`left unread   ${fit.ignored.join(', ')}`] : []),
        lines.length === 0
          ? 'it loads: every parameter is there, nothing is left over'
          : `it does not load (- wanted, + in the file):`,
        ...lines,
      ];
      console.log(text.join('\n'));
    });
}
