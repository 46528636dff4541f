// The registry of corruptions, by groups.
import { OptionError } from '../../base/errors.ts';
import { unknownName } from '../../base/suggest.ts';
import { blur } from './blur.ts';
import type { Corruption } from './corruption.ts';
import { digital } from './digital.ts';
import { noise } from './noise.ts';
import { weather } from './weather.ts';

export { type Corruption, type Severity, severities } from './corruption.ts';

export const corruptions: readonly Corruption[] = [...noise, ...blur, ...weather, ...digital];

/** Throws OptionError. */
export function corruptionNamed(name: string): Corruption {
  const found = corruptions.find((corruption) => corruption.name === name);
  if (found) return found;
  const names = corruptions.map((corruption) => corruption.name);
  throw new OptionError(`corruptions: ${unknownName('corruption', name, names)}`);
}
