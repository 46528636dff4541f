// Whether our parameters start as the original's do: each parameter's start against the distribution that the case states.
import type { ParameterSpec } from '../../src/model/network.ts';
import type { GoldenCase } from './case.ts';
import type { Translation } from './translations/index.ts';

export interface Distribution {
  readonly dist: string;
  readonly low?: number;
  readonly high?: number;
  readonly mean?: number;
  readonly std?: number;
  readonly value?: number;
}

const near = (a: number | undefined, b: number) => a !== undefined && Math.abs(a - b) < 1e-9;

function agrees(init: ParameterSpec['init'], want: Distribution): boolean {
  switch (init.kind) {
    case 'constant':
      return want.dist === 'constant' && near(want.value, init.value);
    case 'uniform':
      return want.dist === 'uniform' && near(want.high, init.bound) && near(want.low, -init.bound);
    case 'normal':
      return want.dist === 'normal' && near(want.std, init.std) && near(want.mean, init.mean ?? 0);
    case 'truncated_normal':
      return want.dist === 'truncated_normal' && near(want.std, init.std) && near(want.high, init.limit);
    case 'identity_centre_tap':
      return want.dist === 'identity_centre_tap';
    case 'row_norms':
      return want.dist === 'row_norm_of';
    case 'pretrained':
      return false;
  }
}

/** How many inserted parameters start otherwise than the case says; NaN where it says nothing of one. */
export function wrongStarts(golden: GoldenCase, translation: Translation, specs: readonly ParameterSpec[]): number {
  const stated = golden.json.init_distribution;
  if (!stated) return 0;
  return specs
    .filter(({ role }) => role === 'method')
    .reduce((wrong, { name, init }) => {
      const want = stated[translation.source(name).name];
      return want ? wrong + (agrees(init, want) ? 0 : 1) : Number.NaN;
    }, 0);
}
