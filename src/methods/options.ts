// Options that several methods share, so that the same thing has the same name, range and help everywhere.
import type { NumberOption } from '../base/options.ts';
import type { LinearPart } from '../model/config.ts';

/** Where the published study's code computes or starts something else than the method's own paper. */
export const variant = {
  type: 'choice',
  choices: ['paper', 'study'],
  default: 'paper',
  help: "as the method's own paper has it, or as the published study's code computes it",
} as const;

/** Dropout inside an inserted module; `rate` is the original code's. */
export const dropout = (rate: number, where: string) =>
  ({ type: 'number', default: rate, min: 0, max: 0.95, help: `dropout on ${where}` }) as const;

/** A constant that multiplies what a module adds. */
export const scale = (value: number, grid: NumberOption['grid']) =>
  ({
    type: 'number',
    default: value,
    min: 0,
    above: true,
    help: 'constant that multiplies what is added',
    ...(grid ? { grid } : {}),
  }) as const;

export const bottleneck = (value: number, grid: readonly number[]) =>
  ({ type: 'integer', default: value, min: 1, max: 8192, help: 'width of the bottleneck', grid }) as const;

export const branches = {
  type: 'set',
  choices: ['attn', 'mlp'],
  default: ['attn', 'mlp'],
  help: 'branches of a block that get a module',
} as const;

export const linearParts: readonly LinearPart[] = ['q', 'k', 'v', 'proj', 'fc1', 'fc2'];
