// How a method's golden cases read as ours: which of the case's settings name it, and where its parameters lie among the
// case's tensors. One file a method (or family) in translations/, one line in translations/index.ts.
import type { MethodChoice } from '../../src/methods/index.ts';
import type { Source } from '../../src/model/families/family.ts';
import type { GoldenCase } from './case.ts';

export type Flags = Readonly<Record<string, unknown>>;

export interface MethodTranslation {
  /** The study's flags (case.json, method.authors_flags_all) that this reader understands. */
  readonly flags?: readonly string[];
  /** The choices that those flags make, in our `study` variants; empty where they are off. */
  readonly study?: (flags: Flags, golden: GoldenCase) => readonly MethodChoice[];
  /** The choice of a case of a paper's own variant (case.json, method.name and method.terms). */
  readonly paper?: (golden: GoldenCase) => MethodChoice | undefined;
  /** Where one of our parameters lies in the case; undefined where it isn't this method's. */
  readonly source?: (name: string, golden: GoldenCase) => Source | undefined;
  /** The study's merge factor leaves this method alone: only the head moves. */
  readonly ignoresMergeFactor?: boolean;
}

export const isOn = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== 0;

export const isPaper = (golden: GoldenCase): boolean => golden.json.variant === 'paper';

/** A case's terms, where it is of the paper's own variant and of one of these methods. */
export function termsOf(golden: GoldenCase, ...names: readonly string[]): Record<string, unknown> | undefined {
  const { name, terms } = golden.json.method;
  return isPaper(golden) && name !== undefined && names.includes(name) ? terms : undefined;
}

/** Rows of part `part` in a layer that joins several of `size` rows each. */
export function rowsOfPart(parts: readonly string[], part: string, size: number): Pick<Source, 'rows'> {
  const at = parts.indexOf(part) * size;
  return { rows: [at, at + size] };
}
