// A sequence of tokens that knows what its rows are, so that methods may append tokens and others still find the patches.
import { InternalError } from '../base/errors.ts';
import { concat, slice } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';

/** Which tokens a sequence holds, in order: `class` and `patches`, then what methods appended. */
export type Layout = readonly { readonly name: string; readonly count: number }[];

/** A token sequence (B, N, C) and what its rows are. */
export interface Tokens {
  readonly x: Value;
  readonly layout: Layout;
}

/** First row and the one after the last of the tokens called `name`. */
export function rowsOf(layout: Layout, name: string): readonly [start: number, end: number] | undefined {
  let start = 0;
  for (const part of layout) {
    if (part.name === name) return [start, start + part.count];
    start += part.count;
  }
  return undefined;
}

/** The rows called `name`, (B, count, C). Throws InternalError where there are none. */
export function takeTokens({ x, layout }: Tokens, name: string): Value {
  const rows = rowsOf(layout, name);
  if (!rows) throw new InternalError(`tokens: there are none called ${name}`);
  return slice(x, 1, ...rows);
}

/** More tokens (B, count, C) at the end. */
export function appendTokens({ x, layout }: Tokens, name: string, tokens: Value): Tokens {
  return { x: concat([x, tokens], 1), layout: [...layout, { name, count: tokens.shape[1]! }] };
}

/** All tokens but those called `name`. */
export function dropTokens(tokens: Tokens, name: string): Tokens {
  const layout = tokens.layout.filter((part) => part.name !== name);
  const [start, end] = rowsOf(tokens.layout, name) ?? [0, 0];
  if (start === end) return tokens;
  const { x } = tokens;
  const N = x.shape[1]!;
  const kept = [
    [0, start],
    [end, N],
  ].filter(([from, to]) => from! < to!);
  return {
    x: concat(
      kept.map(([from, to]) => slice(x, 1, from!, to!)),
      1,
    ),
    layout,
  };
}
