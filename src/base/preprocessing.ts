// How a picture becomes a model's input: what a checkpoint's preprocessor_config.json (or timm's pretrained_cfg) says.
// The data room applies it, the model room reads it, a run records it.

export type Interpolation = 'nearest' | 'box' | 'bilinear' | 'hamming' | 'bicubic' | 'lanczos';

export interface Preprocessing {
  /** Height and width that enter the network, pixels. */
  readonly imageSize: readonly [height: number, width: number];
  /**
   * `shortest`: resize so that the shorter side has `resizeTo` pixels, keeping the aspect ratio, then centre-crop to
   * `imageSize`. `exact`: resize to `imageSize` whatever the aspect ratio.
   */
  readonly resize: 'shortest' | 'exact';
  /** Shorter side after the resize, pixels (`shortest` only; at least the larger side of `imageSize`). */
  readonly resizeTo: number;
  readonly interpolation: Interpolation;
  /** Per channel, of pixels scaled to 0..1. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

export const imagenetMean = [0.485, 0.456, 0.406] as const;
export const imagenetStd = [0.229, 0.224, 0.225] as const;
