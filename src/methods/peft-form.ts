// What a method is in Hugging Face PEFT's terms: which change a layer gets, and which options of the method are a set of such
// changes. Adapters are written and read by it (exchange/peft), so nothing there asks for a method's name.
import type { LinearPart } from '../model/config.ts';
import type { LinearSite } from '../model/sites.ts';

/** A change of a linear layer (out, in), in the method's parameters by name. */
export type LayerForm =
  /** W + factor B A; with a magnitude (out), each row of that scaled to this length (DoRA). */
  | {
      readonly kind: 'low_rank';
      readonly a: string;
      readonly b: string;
      readonly factor: number;
      readonly magnitude?: string;
    }
  /** A factor per input, or per output (weight and bias). */
  | { readonly kind: 'factors'; readonly side: 'input' | 'output'; readonly vector: string };

/** What all changed layers have in common, the same in every block. */
export type CommonForm =
  | {
      readonly kind: 'low_rank';
      readonly rank: number;
      readonly factor: number;
      readonly targets: readonly LinearPart[];
      /** q, k and v of a block share one A. */
      readonly joint: boolean;
      readonly magnitudes: boolean;
      readonly dropout: number;
    }
  | { readonly kind: 'factors'; readonly inputs: readonly LinearPart[]; readonly outputs: readonly LinearPart[] };

export interface PeftForm<O> {
  /** The changes of a layer, in the order in which they act. */
  readonly layer: (options: O, site: LinearSite) => readonly LayerForm[];
  /** The options that make these changes; undefined where none do. */
  readonly options: (common: CommonForm) => Readonly<Record<string, unknown>> | undefined;
}
