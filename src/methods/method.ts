// What a method of parameter-efficient tuning is: one record in a file of its own, listed once in index.ts. Flags, forms,
// grid axes, docs and the conformance tests derive from the record; no other code knows a method by name.
import type { OptionTable, ValuesOf } from '../base/options.ts';
import type { ParameterInfo, VitConfig } from '../model/config.ts';
import type { Handlers } from '../model/sites.ts';
import type { PeftForm } from './peft-form.ts';

export interface Method<T extends OptionTable = OptionTable> {
  readonly name: string;
  /** One line for lists: what is trained. */
  readonly summary: string;
  readonly paper: { readonly title: string; readonly url: string };
  readonly options: T;
  /** Which backbone parameters are trained; left out = none. */
  readonly trains?: (parameter: ParameterInfo, options: ValuesOf<T>, config: VitConfig) => boolean;
  /** What it inserts, and where; left out = nothing. */
  readonly at?: (options: ValuesOf<T>, config: VitConfig) => Handlers;
  /** Peak learning rate with AdamW where none is given: a sound start, not a tuned value. */
  readonly learningRate: number;
  /**
   * Trained scalars without the head on a plain ViT, with the default options: a formula in C (width), H (hidden width of
   * the MLP), L (blocks), `all` (the whole backbone) and the options' names. A test holds it to the true count.
   */
  readonly count: string;
  /**
   * The function at the start, with the default options: that of the pre-trained network (`pretrained`), close to it by the
   * paper's own choice (`near`), or another one (`other`: prompts, SSF's random scales).
   */
  readonly start: 'pretrained' | 'near' | 'other';
  /**
   * What the merge factor alpha of a tuned model means (WiSE-FT; Wortsman et al. 2022): 0 = pre-trained, 1 = tuned. Left
   * out = every trained weight is interpolated.
   */
  readonly strength?: string;
  /** The same method as Hugging Face PEFT has it; left out = it has none that inserts the same. */
  readonly peft?: PeftForm<ValuesOf<T>>;
  /** Why a backbone or a choice of options can't be taken, in one line; undefined = it can. */
  readonly refuses?: (config: VitConfig, options: ValuesOf<T>) => string | undefined;
}

/** Checks the record's types; the options stay typed inside and are erased outside. */
export function defineMethod<const T extends OptionTable>(method: Method<T>): Method {
  // Outside, options only ever come from parseOptions with this record's own table, so the erased type is safe.
  return method as unknown as Method;
}
