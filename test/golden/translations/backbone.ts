// Methods that only unfreeze backbone weights: their cases hold no tensors of their own.
import { isOn, type MethodTranslation } from '../translation.ts';

const flagged = (flag: string, name: string): MethodTranslation => ({
  flags: [flag],
  study: (flags) => (isOn(flags[flag]) ? { name, options: {} } : undefined),
});

export const full = flagged('full', 'full');
export const bitfit = flagged('bitfit', 'bitfit');
export const layernorm = flagged('ln', 'layernorm');
