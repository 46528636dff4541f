// The registry: one line a method.

import { OptionError } from '../base/errors.ts';
import { type OptionValue, parseOptions, type ValuesOf } from '../base/options.ts';
import { unknownName } from '../base/suggest.ts';
import { bitfit } from './bitfit.ts';
import { full } from './full.ts';
import { layernorm } from './layernorm.ts';
import { linear } from './linear.ts';
import { lora } from './lora.ts';
import type { Method } from './method.ts';

export const methods: readonly Method[] = [linear, full, bitfit, layernorm, lora];

/** The method where none is named: few parameters, merges without cost, rarely far from the best. */
export const defaultMethod = lora.name;

/** The method called `name`. Throws OptionError with the nearest known name. */
export function methodNamed(name: string): Method {
  const method = methods.find((m) => m.name === name);
  if (!method)
    throw new OptionError(
      unknownName(
        'method',
        name,
        methods.map((m) => m.name),
      ),
    );
  return method;
}

export interface MethodChoice {
  readonly name: string;
  readonly options: Readonly<Record<string, OptionValue>>;
}

/** A method with checked, fully defaulted options. */
export interface ConfiguredMethod {
  readonly method: Method;
  readonly options: ValuesOf<Method['options']>;
}

export function configureMethod(choice: {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
}): ConfiguredMethod {
  const method = methodNamed(choice.name);
  return { method, options: parseOptions(`method ${method.name}`, method.options, choice.options ?? {}) };
}
