// The network that is pre-trained: its sizes, and how it starts before it has seen anything.
import { stream } from '../src/base/rng.ts';
import { float32, type Shape, sizeOf, type Tensor } from '../src/base/tensor.ts';
import { plainVit, type VitConfig } from '../src/model/config.ts';

export const student: VitConfig = {
  ...plainVit,
  family: 'vit',
  imageSize: [96, 96],
  patchSize: 16,
  width: 192,
  depth: 5,
  heads: 3,
  hidden: 768,
  normEps: 1e-6,
};

/** Start values by name: norms at 1, biases at 0, all else normal with deviation 0.02 (as ViT and DINOv2 start). */
export function randomStart(
  parameters: readonly { readonly name: string; readonly shape: Shape }[],
  seed: number,
): Map<string, Tensor<'float32'>> {
  return new Map(
    parameters.map(({ name, shape }) => {
      const rng = stream(seed, 'pretrain', name);
      const data = new Float32Array(sizeOf(shape));
      if (/norm\d?\.weight$/.test(name)) data.fill(1);
      else if (!name.endsWith('.bias')) for (let i = 0; i < data.length; i++) data[i] = 0.02 * rng.normal();
      return [name, float32(shape, data)] as const;
    }),
  );
}
