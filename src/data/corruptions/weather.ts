// Weather before the lens. ImageNet-C lays photographs of ice over its pictures; frost here is drawn, like all the rest.
import { type Corruption, floatCorruption } from './corruption.ts';
import { fractal } from './fields.ts';
import { type Image, mapped, scaleOf, smeared } from './image.ts';

/** Share of cells with a flake, its brightness, and how far the scene pales. */
const snow = floatCorruption<readonly [share: number, bright: number, pale: number]>(
  { name: 'snow', group: 'weather', summary: 'falling flakes, streaked by the wind' },
  [
    [0.035, 0.9, 0.1],
    [0.06, 1, 0.16],
    [0.09, 1, 0.22],
    [0.12, 1.1, 0.28],
    [0.16, 1.2, 0.34],
  ],
  (image, [share, bright, pale], rng) => {
    const { width, height } = image;
    const cell = Math.max(1, Math.round(2.2 * scaleOf(image)));
    const columns = Math.ceil(width / cell);
    const cells = Float32Array.from({ length: columns * Math.ceil(height / cell) }, () => rng.uniform());
    const flakes: Image = mapped(image, (_, at) => {
      const pixel = Math.floor(at / 3);
      const [x, y] = [pixel % width, Math.floor(pixel / width)];
      return cells[Math.floor(y / cell) * columns + Math.floor(x / cell)]! < share ? 1 : 0;
    });
    const angle = Math.PI * (0.25 + 0.5 * rng.uniform());
    const fallen = smeared(flakes, Math.max(2, 7 * scaleOf(image)), angle).data;
    // White flakes on grey air: on a white ground, as drawings have, flakes alone would not show.
    return mapped(
      image,
      (value, at) => (1 - pale) * value + pale * 0.55 + bright * fallen[at]! * (1.05 - value * 0.4) * pale * 2.5,
    );
  },
);

/** Weights of the scene and of the ice. */
const frost = floatCorruption<readonly [scene: number, ice: number]>(
  { name: 'frost', group: 'weather', summary: 'crystals of ice on the lens' },
  [
    [0.9, 0.3],
    [0.8, 0.45],
    [0.7, 0.55],
    [0.6, 0.62],
    [0.5, 0.68],
  ],
  (image, [scene, ice], rng) => {
    const { width, height } = image;
    const field = fractal(width, height, 0.65, rng);
    const cover = fractal(width, height, 0.4, rng);
    const tint = [0.78, 0.88, 1] as const;
    return mapped(image, (value, at) => {
      const pixel = Math.floor(at / 3);
      // Where the field crosses zero there is a ridge: a needle of ice.
      const ridge = (1 - Math.min(1, Math.abs(field[pixel]!) * 5)) ** 2;
      const cold = Math.min(1, Math.max(0, 0.55 + 1.4 * cover[pixel]!));
      return scene * value + ice * tint[at % 3]! * cold * (0.35 + 0.65 * ridge);
    });
  },
);

const fog = floatCorruption(
  { name: 'fog', group: 'weather', summary: 'drifting grey that takes the contrast' },
  [0.8, 1.2, 1.7, 2.3, 3],
  (image, thickness, rng) => {
    const field = fractal(image.width, image.height, 0.55, rng);
    return mapped(image, (value, at) => {
      const drift = 0.55 + 0.6 * field[Math.floor(at / 3)]!;
      return (value + thickness * drift) / (1 + thickness);
    });
  },
);

const brightness = floatCorruption(
  { name: 'brightness', group: 'weather', summary: 'glaring light: the value of HSV raised' },
  [0.1, 0.2, 0.3, 0.4, 0.5],
  (image, rise) => {
    const { data } = image;
    return mapped(image, (value, at) => {
      const first = at - (at % 3);
      const most = Math.max(data[first]!, data[first + 1]!, data[first + 2]!);
      // Raising V and keeping H and S multiplies all three alike; black has neither and becomes grey.
      return most === 0 ? rise : (value * Math.min(1, most + rise)) / most;
    });
  },
);

export const weather: readonly Corruption[] = [snow, frost, fog, brightness];
