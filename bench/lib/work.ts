// What is measured, as plain data that both sides read: a ViT of random weights, a method, and a batch.
import { plainVit, type VitConfig } from '../../src/model/config.ts';

/** Dosovitskiy et al. 2021, table 1, and DeiT's smaller ones (Touvron et al. 2021, table 1). */
const sizes = {
  tiny: { width: 192, heads: 3 },
  small: { width: 384, heads: 6 },
  base: { width: 768, heads: 12 },
} as const;

export interface Model {
  readonly size: keyof typeof sizes;
  /** Side of the input, pixels. */
  readonly imageSize: number;
  readonly depth: number;
}

/** What the goals are for: ViT-B/16 at 224 pixels. */
export const goalModel: Model = { size: 'base', imageSize: 224, depth: 12 };

export const modelSizes = Object.keys(sizes) as readonly Model['size'][];

export const vitConfig = ({ size, imageSize, depth }: Model): VitConfig => ({
  ...plainVit,
  family: 'vit',
  imageSize: [imageSize, imageSize],
  patchSize: 16,
  ...sizes[size],
  depth,
  hidden: 4 * sizes[size].width,
  normEps: 1e-6,
});

export interface Method {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface Work {
  readonly model: Model;
  readonly method: Method;
  readonly kind: 'train' | 'infer';
  /** Pictures an optimizer step, or at once. */
  readonly batch: number;
  /** Options of `train` beside these, e.g. a precision. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Classes of every made-up task. */
export const classes = 10;

/** What a measured program answers: seconds of each step by the wall's clock and of all processors, and bytes. */
export interface Answer {
  readonly wall: readonly number[];
  readonly cpu: readonly number[];
  readonly losses: readonly number[];
  /** The most memory that the process ever held (resident set). */
  readonly peakBytes: number;
}
