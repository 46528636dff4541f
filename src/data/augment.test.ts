import { expect, it } from 'vitest';
import { augment } from './augment.ts';

const width = 20;
const height = 12;
/** Red is the column, green the row. */
const rgb = Uint8Array.from(
  Array.from({ length: width * height }, (_, i) => [i % width, Math.floor(i / width), 7]).flat(),
);
const picture = { width, height, rgb };
const plain = { flip: false, randomResizedCrop: false, interpolation: 'bicubic' } as const;
const at = (index: number, epoch = 0, seed = 0) => ({ seed, epoch, index });
const whole = [height, width] as const;

it('changes nothing when nothing is asked for', () => {
  expect(augment(picture, whole, plain, at(0))).toEqual(rgb);
});

it('mirrors about half of the pictures, left to right', () => {
  const flipped = Array.from({ length: 400 }, (_, i) =>
    augment(picture, whole, { ...plain, flip: true }, at(i)),
  ).filter((out) => out[0] === width - 1);
  expect(flipped.length).toBeGreaterThan(160);
  expect(flipped.length).toBeLessThan(240);
  expect([...flipped[0]!.subarray(0, 6)]).toEqual([width - 1, 0, 7, width - 2, 0, 7]);
});

it('cuts parts of 8 % of the area to all of it, at the size asked for', () => {
  const options = { ...plain, interpolation: 'nearest', randomResizedCrop: true } as const;
  const shares = Array.from({ length: 300 }, (_, i) => {
    const out = augment(picture, [32, 32], options, at(i));
    expect(out.length).toBe(32 * 32 * 3);
    const column = (x: number) => out[3 * x]!;
    const row = (y: number) => out[3 * 32 * y + 1]!;
    return ((column(31) - column(0) + 1) * (row(31) - row(0) + 1)) / (width * height);
  });
  expect(Math.min(...shares)).toBeLessThan(0.15);
  expect(Math.min(...shares)).toBeGreaterThan(0.05);
  expect(Math.max(...shares)).toBeGreaterThan(0.7);
});

it('draws by seed, epoch and picture, and by nothing else', () => {
  const options = { ...plain, flip: true, randomResizedCrop: true };
  const draw = (index: number, epoch: number, seed: number) =>
    Buffer.from(augment(picture, [16, 16], options, at(index, epoch, seed))).toString('hex');
  const first = draw(3, 1, 0);
  draw(9, 9, 9);
  expect(draw(3, 1, 0)).toBe(first);
  for (const other of [draw(4, 1, 0), draw(3, 2, 0), draw(3, 1, 1)]) expect(other).not.toBe(first);
});
