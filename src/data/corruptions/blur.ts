// Blur of lenses and movement.
import { type Corruption, floatCorruption } from './corruption.ts';
import { addSampled, type Image, reflected, scaleOf, smeared } from './image.ts';

/** Mean over a disc of `radius` pixels, by running sums along rows. */
function discMean({ width, height, data }: Image, radius: number): Float32Array {
  const reach = Math.floor(radius);
  const out = new Float32Array(data.length);
  const rows = Array.from({ length: 2 * reach + 1 }, (_, k) => Math.floor(Math.sqrt(radius ** 2 - (k - reach) ** 2)));
  const area = rows.reduce((sum, half) => sum + 2 * half + 1, 0);
  const pad = reach + 1;
  // sums[y][x + pad]: of the row's values left of x, mirrored beyond the edges; doubles, as they grow long.
  const stride = width + 2 * pad + 1;
  for (let c = 0; c < 3; c++) {
    const sums = new Float64Array(stride * height);
    for (let y = 0; y < height; y++)
      for (let i = 1; i < stride; i++) {
        const x = reflected(i - 1 - pad, width);
        sums[y * stride + i] = sums[y * stride + i - 1]! + data[(y * width + x) * 3 + c]!;
      }
    for (let y = 0; y < height; y++)
      for (let k = 0; k < rows.length; k++) {
        const row = reflected(y + k - reach, height) * stride + pad;
        const half = rows[k]!;
        for (let x = 0; x < width; x++)
          out[(y * width + x) * 3 + c]! += (sums[row + x + half + 1]! - sums[row + x - half]!) / area;
      }
  }
  return out;
}

const defocus = floatCorruption(
  { name: 'defocus-blur', group: 'blur', summary: 'a lens out of focus: mean over a disc' },
  [3, 4, 6, 8, 10],
  (image, radius) => ({ ...image, data: discMean(image, Math.max(1, radius * scaleOf(image))) }),
);

const glass = floatCorruption(
  { name: 'glass-blur', group: 'blur', summary: 'seen through frosted glass: pixels change places nearby' },
  [1.2, 1.8, 2.6, 3.6, 5],
  (image, reach, rng) => {
    const far = Math.max(1, reach * scaleOf(image));
    const moves = Float32Array.from({ length: 2 * image.width * image.height }, () => 2 * rng.uniform() - 1);
    const data = new Float32Array(image.data.length);
    addSampled(data, image, 1, (x, y) => {
      const at = 2 * (y * image.width + x);
      return [x + far * moves[at]!, y + far * moves[at + 1]!];
    });
    return { ...image, data: discMean({ ...image, data }, 1) };
  },
);

const motion = floatCorruption(
  { name: 'motion-blur', group: 'blur', summary: 'the camera moved along a line' },
  [8, 13, 19, 26, 34],
  (image, length, rng) => {
    const angle = (rng.uniform() - 0.5) * (Math.PI / 2);
    return smeared(image, Math.max(2, length * scaleOf(image)), angle);
  },
);

/** Largest zoom, and the step between the exposures that are averaged. */
const zoom = floatCorruption<readonly [most: number, step: number]>(
  { name: 'zoom-blur', group: 'blur', summary: 'the camera moved towards the scene' },
  [
    [1.1, 0.01],
    [1.15, 0.01],
    [1.2, 0.02],
    [1.25, 0.02],
    [1.3, 0.03],
  ],
  (image, [most, step]) => {
    const count = Math.round((most - 1) / step) + 1;
    const data = new Float32Array(image.data.length);
    const [cx, cy] = [(image.width - 1) / 2, (image.height - 1) / 2];
    for (let k = 0; k < count; k++) {
      const factor = 1 + k * step;
      addSampled(data, image, 1 / count, (x, y) => [cx + (x - cx) / factor, cy + (y - cy) / factor]);
    }
    return { ...image, data };
  },
);

export const blur: readonly Corruption[] = [defocus, glass, motion, zoom];
