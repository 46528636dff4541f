// Reads a method's count formula: sums, products (by standing side by side) and quotients of names and numbers, in brackets.
import type { OptionValue } from '../../src/base/options.ts';
import type { VitConfig } from '../../src/model/config.ts';

/** The formula's value on a backbone with `all` scalars. Throws for an unknown name or a malformed formula. */
export function countOf(
  formula: string,
  { width: C, hidden: H, depth: L }: VitConfig,
  options: Readonly<Record<string, OptionValue>>,
  all: number,
): number {
  const names: Readonly<Record<string, unknown>> = { ...options, C, H, L, M: H / C, all };
  const tokens = formula.match(/[A-Za-z]\w*|\d+|[()+/-]/g) ?? [];
  let at = 0;
  const atom = (): number => {
    const token = tokens[at++];
    if (token === '(') {
      const value = sum();
      if (tokens[at++] !== ')') throw new Error(`${formula}: a bracket isn't closed`);
      return value;
    }
    const value = token !== undefined && /^\d/.test(token) ? Number(token) : names[token ?? ''];
    if (typeof value !== 'number') throw new Error(`${formula}: ${token} is no number`);
    return value;
  };
  const product = (): number => {
    let value = atom();
    while (at < tokens.length && !['+', '-', ')'].includes(tokens[at]!)) {
      if (tokens[at] === '/') {
        at++;
        value /= atom();
      } else value *= atom();
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (tokens[at] === '+' || tokens[at] === '-') value += (tokens[at++] === '+' ? 1 : -1) * product();
    return value;
  };
  const value = sum();
  if (at !== tokens.length) throw new Error(`${formula}: ${tokens.slice(at).join(' ')} is left over`);
  return value;
}
