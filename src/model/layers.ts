// The small layers that the forward pass and the pooling share: LayerNorm at a site, activations, frozen linear layers.
import { gelu, geluTanh, quickGelu, relu, silu } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import { layerNorm } from '../graph/ops/norm.ts';
import type { Value } from '../graph/types.ts';
import type { Activation } from './config.ts';
import { handlersOf, type Network } from './network.ts';
import type { AfterSite } from './sites.ts';

export const activations: Readonly<Record<Activation, (x: Value) => Value>> = {
  gelu,
  gelu_tanh: geluTanh,
  quick_gelu: quickGelu,
  relu,
  silu,
};

/** A LayerNorm of the network, and what the methods do after it. */
export function norm(net: Network, site: AfterSite, x: Value): Value {
  return after(net, site, plainNorm(net, site.name, x));
}

/** A LayerNorm of the network where no method acts. */
export function plainNorm(net: Network, name: string, x: Value): Value {
  return layerNorm(x, net.weight(`${name}.weight`), net.weight(`${name}.bias`), net.config.normEps);
}

/** A linear layer of the network where no method acts: (n, in) -> (n, out). */
export function plainLinear(net: Network, name: string, x: Value): Value {
  return linear(x, net.weight(`${name}.weight`), net.weight(`${name}.bias`));
}

export function after(net: Network, site: AfterSite, y: Value): Value {
  return handlersOf(net, 'after').reduce((value, handle) => handle(net, { site, y: value }), y);
}
