// Merging: the weights of a plain backbone that computes what a tuned one does. Each method folds itself into the layers it
// acts on, the innermost first.
import { sizeOf } from '../base/tensor.ts';
import { reshape } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import { backboneParameters, type LinearPart, type VitConfig } from './config.ts';
import { handlersOf, type Network } from './network.ts';
import { type Affine, type AfterSite, linearSite } from './sites.ts';

function afterSites({ preNorm, depth, finalNorm }: VitConfig): AfterSite[] {
  const sites: AfterSite[] = [{ name: 'patch_embed', part: 'patch_embed' }];
  if (preNorm) sites.push({ name: 'norm_pre', part: 'norm_pre' });
  for (let block = 0; block < depth; block++)
    for (const part of ['norm1', 'norm2'] as const) sites.push({ name: `blocks.${block}.${part}`, part, block });
  if (finalNorm !== 'none') sites.push({ name: finalNorm === 'tokens' ? 'norm' : 'fc_norm', part: 'norm' });
  return sites;
}

/**
 * The backbone's parameters with the methods folded in, by canonical name: all of them, changed or not. A bias that only
 * merging makes (a shift after a layer without one) has a name that the config doesn't list.
 */
export function mergedParameters(net: Network): Map<string, Value> {
  const { config } = net;
  const merged = new Map(backboneParameters(config).map(({ name }) => [name, net.weight(name)]));
  const folds = handlersOf(net, 'fold');
  const keep = (name: string, { weight, bias }: Affine) => {
    merged.set(`${name}.weight`, weight);
    if (bias) merged.set(`${name}.bias`, bias);
  };

  for (const site of afterSites(config)) {
    // The patch projection is stored as a convolution and computed as a matrix.
    const name = site.part === 'patch_embed' ? 'patch_embed.proj' : site.name;
    const own = net.layer(name);
    const { shape } = own.weight;
    const flat = {
      ...own,
      weight: shape.length > 1 ? reshape(own.weight, [shape[0]!, sizeOf(shape.slice(1))]) : own.weight,
    };
    const folded = folds.reduce<Affine>((layer, fold) => fold.after?.(net, { site, layer }) ?? layer, flat);
    keep(name, { ...folded, weight: reshape(folded.weight, shape) });
  }
  for (let block = 0; block < config.depth; block++)
    for (const part of ['q', 'k', 'v', 'proj', 'fc1', 'fc2'] satisfies LinearPart[]) {
      const site = linearSite(config, block, part);
      keep(
        site.name,
        folds.reduceRight<Affine>((layer, fold) => fold.linear?.(net, { site, layer }) ?? layer, net.layer(site.name)),
      );
    }
  return merged;
}
