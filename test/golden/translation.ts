// How a method's golden cases read as ours: which of the case's settings name it, and where its parameters lie among the
// case's tensors. One file a method in translations/, one line in translations/index.ts.
import type { MethodChoice } from '../../src/methods/index.ts';
import type { Source } from '../../src/model/families/family.ts';
import type { GoldenCase } from './case.ts';

export type Flags = Readonly<Record<string, unknown>>;

export interface MethodTranslation {
  /** The study's flags (case.json, method.authors_flags_all) that this reader understands. */
  readonly flags?: readonly string[];
  /** The choices that those flags make, in our `study` variants; undefined where they are off. */
  readonly study?: (flags: Flags, golden: GoldenCase) => MethodChoice | undefined;
  /** The choice of a case of a paper's own variant (case.json, method.name and method.terms). */
  readonly paper?: (golden: GoldenCase) => MethodChoice | undefined;
  /** Where one of our parameters lies in the case; undefined where it isn't this method's. */
  readonly source?: (name: string, golden: GoldenCase) => Source | undefined;
}

export const isOn = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== 0;
