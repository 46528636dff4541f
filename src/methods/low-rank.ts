// The low-rank update that LoRA and DoRA share: A (r, in) and B (out, r) beside a frozen W (out, in), times alpha / r. B
// starts at zero. `joint` is HF PEFT's reading of a fused qkv layer: one A for q, k and v of a block.
import type { ValuesOf } from '../base/options.ts';
import { scale } from '../graph/ops/elementwise.ts';
import { gemm, linear, matmul } from '../graph/ops/linear.ts';
import type { Value } from '../graph/types.ts';
import { type Init, type LinearSite, type MethodContext, torchLinear, zeros } from '../model/sites.ts';
import { dropout, linearParts } from './options.ts';
import type { CommonForm, LayerForm } from './peft-form.ts';

export const lowRankOptions = {
  rank: { type: 'integer', default: 8, min: 1, max: 1024, help: 'rank r of the update', grid: [1, 8, 16, 32] },
  alpha: { type: 'number', default: 8, min: 0, above: true, help: 'the update is scaled by alpha / r' },
  targets: { type: 'set', choices: linearParts, default: ['q', 'v'], help: 'layers that get an update' },
  joint: { type: 'boolean', default: false, help: 'one A for q, k and v of a block, as PEFT has it for a fused layer' },
  dropout: dropout(0, 'the input of A'),
  rslora: { type: 'boolean', default: false, help: 'scale by alpha / sqrt(r) (rank-stabilised LoRA)' },
} as const;

export type LowRankOptions = ValuesOf<typeof lowRankOptions>;

/** alpha / r, or alpha / sqrt(r) where rank-stabilised (Kalajdzievski 2023). */
export const lowRankScale = ({ rank, alpha, rslora }: LowRankOptions): number =>
  alpha / (rslora ? Math.sqrt(rank) : rank);

export interface LowRank {
  /** (r, in) and (out, r). */
  readonly a: Value;
  readonly b: Value;
  /** Where A's parameter lives; shared by q, k and v where they are joint. */
  readonly owner: string;
}

/** Where the parameters of a site live: A is shared by q, k and v where they are joint. */
function lowRankNames(method: string, site: LinearSite, { joint }: Pick<LowRankOptions, 'joint'>) {
  const shared = joint && ['q', 'k', 'v'].includes(site.part);
  const owner = shared ? `blocks.${site.block}.attn.${method}` : `${site.name}.${method}`;
  return { owner, a: `${owner}.A`, b: `${site.name}.${method}.B` };
}

/** The parameters of a site. `start`: how both begin; left out = A as a torch Linear, B at zero. */
export function lowRank(
  context: MethodContext,
  method: string,
  site: LinearSite,
  options: Pick<LowRankOptions, 'rank' | 'joint'>,
  start?: Init,
): LowRank {
  const { owner, a, b } = lowRankNames(method, site, options);
  return {
    a: context.param(a, [options.rank, site.inputs], start ?? torchLinear(site.inputs)),
    b: context.param(b, [site.outputs, options.rank], start ?? zeros),
    owner,
  };
}

/** B A z: rows (n, in) -> (n, out). `dropped`: z after dropout. */
export const lowRankProduct = ({ a, b }: LowRank, dropped: Value): Value =>
  gemm(linear(dropped, a), b, { transB: true });

/** s B A, (out, in): what the update adds to the weight. */
export const lowRankWeight = ({ a, b }: LowRank, factor: number): Value => scale(matmul(b, a), factor);

/**
 * Dropout of a layer's input, drawn once where several layers share it: q, k and v of one A see the same zeros. Made anew
 * for each network.
 */
export function sharedDropout(rate: number) {
  const drawn = new Map<string, Value>();
  return (context: MethodContext, owner: string, x: Value): Value => {
    const key = `${owner} ${x.id}`;
    const known = drawn.get(key);
    if (known) return known;
    const dropped = context.dropout(`${owner}.dropout`, x, rate);
    drawn.set(key, dropped);
    return dropped;
  };
}

/** The update in PEFT's terms. */
export function lowRankForm(
  method: string,
  site: LinearSite,
  options: Pick<LowRankOptions, 'joint' | 'targets'>,
  factor: number,
  magnitude?: string,
): readonly LayerForm[] {
  if (!options.targets.includes(site.part)) return [];
  const { a, b } = lowRankNames(method, site, options);
  return [{ kind: 'low_rank', a, b, factor, ...(magnitude === undefined ? {} : { magnitude }) }];
}

/** The options of LoRA (or, with magnitudes, of DoRA) that are these changes. */
export function lowRankChoice(common: CommonForm, magnitudes: boolean): Readonly<Record<string, unknown>> | undefined {
  if (common.kind !== 'low_rank' || common.magnitudes !== magnitudes) return undefined;
  const { rank, factor, targets, joint, dropout } = common;
  return { rank, alpha: factor * rank, targets, joint, dropout };
}
