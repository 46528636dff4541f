import { expect, it } from 'vitest';
import type { Preprocessing } from '../base/preprocessing.ts';
import { preparationOf } from './preparation.ts';
import { parseRunSpec, type RunSpecInput } from './spec.ts';

const own: Preprocessing = {
  imageSize: [224, 224],
  resize: 'shortest',
  resizeTo: 256,
  cropOffset: 'half_even',
  interpolation: 'bilinear',
  mean: [0.4, 0.4, 0.4],
  std: [0.2, 0.2, 0.2],
};
const prepared = (input: Partial<RunSpecInput>) =>
  preparationOf(parseRunSpec({ data: '/d', model: '/m', methods: [{ name: 'linear' }], ...input }), own);

it("is the checkpoint's where nothing is said", () => {
  expect(prepared({})).toEqual(own);
});

it('is changed by options, one at a time', () => {
  expect(prepared({ dataOptions: { normalise: 'none' } })).toEqual({ ...own, mean: [0, 0, 0], std: [1, 1, 1] });
  expect(prepared({ dataOptions: { interpolation: 'lanczos' } })).toEqual({ ...own, interpolation: 'lanczos' });
  expect(prepared({ dataOptions: { resizeTo: 300 } })).toEqual({ ...own, resizeTo: 300 });
});

it("drops the checkpoint's margin with its way of resizing", () => {
  expect(prepared({ dataOptions: { resize: 'exact' } })).toEqual({ ...own, resize: 'exact', resizeTo: 224 });
  expect(prepared({ dataOptions: { resize: 'exact', resizeTo: 248 } })).toMatchObject({ resizeTo: 248 });
});

it('is a plain resize under vtab-1k, as the published study has it, and options come after the protocol', () => {
  const plain = { resize: 'exact', resizeTo: 224, interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] };
  expect(prepared({ protocol: { name: 'vtab-1k' } })).toMatchObject(plain);
  expect(prepared({ protocol: { name: 'vtab-1k' }, dataOptions: { normalise: 'half' } })).toMatchObject({
    ...plain,
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  });
});
