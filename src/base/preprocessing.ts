// How a picture becomes a model's input: what a checkpoint's preprocessor_config.json (or timm's pretrained_cfg) says.
// The data room applies it, the model room reads it, a run records it.

export type Interpolation = 'nearest' | 'box' | 'bilinear' | 'hamming' | 'bicubic' | 'lanczos';

export interface Preprocessing {
  /** Height and width that enter the network, pixels. */
  readonly imageSize: readonly [height: number, width: number];
  /**
   * `shortest`: resize so that the shorter side has `resizeTo` pixels, keeping the aspect ratio, then centre-crop to
   * `imageSize`. `exact`: resize to the shape of `imageSize`, whatever the aspect ratio, so that the larger side has
   * `resizeTo` pixels, then centre-crop what is more than `imageSize`.
   */
  readonly resize: 'shortest' | 'exact';
  /** Pixels; at least the larger side of `imageSize`. */
  readonly resizeTo: number;
  /** Where the crop begins if the margin is odd: torchvision and timm round halves to even, transformers rounds down. */
  readonly cropOffset: 'half_even' | 'floor';
  readonly interpolation: Interpolation;
  /** Per channel, of pixels scaled to 0..1. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

export const imagenetMean = [0.485, 0.456, 0.406] as const;
export const imagenetStd = [0.229, 0.224, 0.225] as const;
export const clipMean = [0.48145466, 0.4578275, 0.40821073] as const;
export const clipStd = [0.26862954, 0.26130258, 0.27577711] as const;
