// From the same decoded pixels to the bytes that enter a network, as each library's transform does it; and decoding itself.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clipMean, clipStd, imagenetMean, imagenetStd, type Preprocessing } from '../../../src/base/preprocessing.ts';
import type { Tensor } from '../../../src/base/tensor.ts';
import { decode, type Pixels } from '../../../src/data/decode.ts';
import { type Geometry, transform } from '../../../src/data/transform.ts';
import { exportGraph } from '../../../src/graph/export.ts';
import { Graph } from '../../../src/graph/graph.ts';
import { normalizePixels } from '../../../src/model/vit.ts';
import { nodeRuntime } from '../../../src/runtime/node.ts';
import { type Case, type Checker, type Figure, type Outcome, skipped } from '../case.ts';
import { figure, worst } from '../compare.ts';
import { readJson, readTensors } from '../tensors.ts';

interface Picture {
  readonly file: string;
  readonly pil_mode: string;
  readonly results: Readonly<Record<string, { readonly sha256_hwc_uint8: string; readonly png?: string }>>;
}

interface Expected {
  readonly transforms: Readonly<Record<string, string>>;
  readonly images: Readonly<Record<string, Picture>>;
}

const half = [0.5, 0.5, 0.5] as const;
const imagenet = { mean: imagenetMean, std: imagenetStd };
const plain = { mean: half, std: half };
const clip = { mean: clipMean, std: clipStd };

type Rule = Pick<Preprocessing, 'resize' | 'cropOffset' | 'interpolation' | 'mean' | 'std'> & {
  readonly margin: number;
  /** torchvision's resize on bytes differs from Pillow's by at most two levels. */
  readonly levels: 0 | 2;
  /** Pictures that the transform treats alike here and there; left out = all. */
  readonly modes?: readonly string[];
  /** Alpha composited on white, from the encoded picture. */
  readonly ownDecoding?: true;
};

const base = { resize: 'shortest', cropOffset: 'half_even', interpolation: 'bicubic', margin: 1, levels: 0 } as const;
const rules: Readonly<Record<string, Rule>> = {
  vtab_imagenet: { ...base, ...imagenet, resize: 'exact' },
  timm_eval_squash: { ...base, ...plain, resize: 'exact' },
  // Resizes in the picture's own mode: palettes and bitmaps by nearest neighbour. Ours are RGB by then.
  clip_openai: { ...base, ...clip, modes: ['RGB', 'L'] },
  clip_rgb_first: { ...base, ...clip },
  hf_vit: { ...base, ...plain, resize: 'exact', interpolation: 'bilinear', levels: 2 },
  hf_vit_pil: { ...base, ...plain, resize: 'exact', interpolation: 'bilinear' },
  hf_clip: { ...base, ...clip, cropOffset: 'floor', levels: 2 },
  hf_clip_pil: { ...base, ...clip, cropOffset: 'floor' },
  hf_clip_direct: {
    ...base,
    ...clip,
    cropOffset: 'floor',
    levels: 2,
    modes: ['RGBA', 'LA', 'P'],
    ownDecoding: true,
  },
  hf_dinov2: { ...base, ...imagenet, cropOffset: 'floor', margin: 256 / 224, levels: 2 },
};

function ruleOf(name: string): Rule | undefined {
  const share = /^timm_eval_(0?\.\d+|1\.0)$/.exec(name)?.[1];
  if (share === undefined) return rules[name];
  // timm's augreg checkpoints crop at 0.9 and take pixels in -1..1; the others are ImageNet's.
  return { ...base, ...(share === '0.9' ? plain : imagenet), margin: 1 / Number(share) };
}

function geometryOf(rule: Rule, size: number): Geometry {
  const { resize, cropOffset, interpolation, margin } = rule;
  // timm cuts the resized side to a whole number; BitImageProcessor's 36 for 32 pixels is cut, too.
  return { imageSize: [size, size], resize, cropOffset, interpolation, resizeTo: Math.floor(size * margin + 1e-9) };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function normalized(bytes: Uint8Array, size: number, { mean, std }: Rule): Promise<Tensor> {
  const graph = new Graph();
  const pixels = graph.input('pixels', 'uint8', [1, size, size, 3]);
  graph.output('y', normalizePixels(pixels, mean, std));
  const session = await nodeRuntime({ threads: 1 }).prepare(exportGraph(graph));
  const { y } = await session.run({ pixels: { dtype: 'uint8', shape: [1, size, size, 3], data: bytes } });
  await session.dispose();
  return y!;
}

export const preprocess: Checker = async (folder) => {
  const expected = await readJson<Expected>(join(folder, 'expected.json'));
  const small = await readTensors(join(folder, 'expected_32.safetensors'));
  const bytesOf = (path: string) => readFile(join(folder, path));
  const pixelsOf = async (path: string): Promise<Pixels> => decode(path, await bytesOf(path), 32);
  const decoded = (name: string) => pixelsOf(`decoded/${name}.png`);

  /** Bytes that one result should have, where more than their hash is known. */
  async function wantedBytes(key: string, png: string | undefined): Promise<Uint8Array | undefined> {
    const [name, image] = key.split('/');
    if (key.endsWith('/32')) return small.get(`u8/${name}/${image}`)?.data as Uint8Array | undefined;
    return png === undefined ? undefined : (await pixelsOf(png)).rgb;
  }

  const transformCase = (name: string, rule: Rule): Case => ({
    name,
    async run(): Promise<Outcome> {
      const figures: Figure[] = [];
      const floats: Figure[] = [];
      for (const [imageName, image] of Object.entries(expected.images)) {
        if (rule.modes && !rule.modes.includes(image.pil_mode)) continue;
        for (const [key, want] of Object.entries(image.results)) {
          const [transformName, variant, size] = key.split('/') as [string, string, string];
          if (transformName !== name) continue;
          const own = rule.ownDecoding || variant.endsWith('@exif');
          const pixels = own ? await pixelsOf(image.file) : await decoded(imageName);
          const got = transform(pixels, geometryOf(rule, Number(size)));
          const bytes = await wantedBytes(key, want.png);
          const tolerance = { absolute: rule.levels, relative: 0 };
          if (bytes) figures.push(figure(key, got, bytes, tolerance));
          else if (rule.levels === 0)
            figures.push(figure(key, [sha256(got) === want.sha256_hwc_uint8 ? 0 : 255], [0], tolerance));
          const float = size === '32' ? small.get(`float/${name}/${variant}`) : undefined;
          if (float && rule.levels === 0)
            floats.push(
              figure(
                key,
                (await normalized(got, Number(size), rule)).data as Float32Array,
                float.data as Float32Array,
                {
                  absolute: 2e-6,
                  relative: 0,
                },
              ),
            );
        }
      }
      return [
        worst(`${figures.length} pictures, levels`, figures),
        ...(floats.length > 0 ? [worst('normalised', floats)] : []),
      ];
    },
  });

  const decodeCase = (name: string, image: Picture): Case => {
    if (['RGBA', 'LA', 'P'].includes(image.pil_mode))
      return skipped(`decode/${name}`, 'transparency lies on white here; Pillow drops it (hf_clip_direct compares)');
    if (image.pil_mode === 'CMYK') return skipped(`decode/${name}`, "sharp's conversion of CMYK isn't Pillow's");
    if (image.pil_mode.startsWith('I;16')) return skipped(`decode/${name}`, '16 bits are scaled here; Pillow clips');
    return {
      name: `decode/${name}`,
      async run() {
        const [own, theirs] = [await pixelsOf(image.file), await decoded(name)];
        if (own.width !== theirs.width)
          return { skip: 'is turned as its EXIF orientation says; the @exif pictures of every transform compare it' };
        return [figure('levels', own.rgb, theirs.rgb, { absolute: 0, relative: 0 })];
      },
    };
  };

  return [
    ...Object.entries(expected.images).map(([name, image]) => decodeCase(name, image)),
    ...Object.keys(expected.transforms).map((name) => {
      const rule = ruleOf(name);
      return rule ? transformCase(name, rule) : skipped(name, 'no transform of ours');
    }),
    skipped(
      'pillow13',
      "pixels are those of Pillow up to 12, which checkpoints were trained on: 13's pass order differs",
    ),
    skipped('augment_ops', 'training augments by flip and random crop only'),
  ];
};
