// The frozen layers of a backbone in whole numbers, kept on disk: one file a block, made at the first run on a backbone and
// mapped by every run after it, so that workers of one machine hold them once. Norms, biases, embeddings and the head are
// small and stay in float32.
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, RunError } from '../base/errors.ts';
import { identity } from '../base/identity.ts';
import { sameShape, type Tensor } from '../base/tensor.ts';
import { cacheFolder } from '../data/cache.ts';
import { openSafetensors, type SafetensorsFile, writeSafetensors } from '../formats/safetensors-file.ts';
import { type Int8Weight, type Int8Weights, int8Weight } from '../graph/int8-products.ts';
import { blockMatrices, type ParameterInfo } from '../model/config.ts';
import type { Backbone } from '../model/load.ts';

/** Raised when the rounding or the layout of the files changes: old ones are then left alone. */
const version = 1;

const directions = ['forward', 'backward'] as const;
const tensorNames = (weight: string, direction: keyof Int8Weight) => ({
  values: `${weight}.${direction}.values`,
  scales: `${weight}.${direction}.scales`,
});

/** A file that holds all that is wanted of it; undefined where it has to be made. */
async function opened(path: string, wanted: readonly ParameterInfo[]): Promise<SafetensorsFile | undefined> {
  const file = await openSafetensors(path).catch(() => undefined);
  const whole = wanted.every(({ name, shape: [out, into] }) =>
    directions.every((direction) => {
      const { values, scales } = tensorNames(name, direction);
      const shape = direction === 'forward' ? [into!, out!] : [out!, into!];
      const [found, factors] = [file?.tensors.get(values), file?.tensors.get(scales)];
      return (
        found?.dtype === 'int8' &&
        sameShape(found.shape, shape) &&
        factors?.dtype === 'float32' &&
        sameShape(factors.shape, [shape[1]!])
      );
    }),
  );
  return whole ? file : undefined;
}

async function make(path: string, wanted: readonly ParameterInfo[], { weights }: Backbone): Promise<SafetensorsFile> {
  const tensors: [string, Tensor][] = [];
  for (const { name } of wanted) {
    const made = int8Weight(await weights.read(name));
    for (const direction of directions) {
      const names = tensorNames(name, direction);
      tensors.push([names.values, made[direction].values], [names.scales, made[direction].scales]);
    }
  }
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeSafetensors(path, tensors);
    return await openSafetensors(path);
  } catch (cause) {
    throw new RunError(
      `precision int8: the weights in whole numbers can't be kept in ${dirname(path)}: ${messageOf(cause)}; set VITUNE_CACHE to a folder with room`,
      { cause },
    );
  }
}

/** Opens the layers in whole numbers, making them first where they aren't there. Throws RunError. */
export async function openInt8Weights(backbone: Backbone): Promise<Int8Weights> {
  const { config, fingerprint } = backbone;
  const key = identity({ version, family: config.family, fingerprint });
  const folder = join(cacheFolder(), 'int8', key);
  const parameters = blockMatrices(config);
  const found = new Map<string, Int8Weight>();
  for (let block = 0; block < config.depth; block++) {
    const wanted = parameters.filter((parameter) => parameter.block === block);
    const path = join(folder, `${block}.safetensors`);
    const file = (await opened(path, wanted)) ?? (await make(path, wanted, backbone));
    const lying = (name: string) => {
      const { dtype, shape, offset, byteLength } = file.tensors.get(name)!;
      return { dtype, shape, data: { folder: dirname(file.path), file: basename(file.path), offset, byteLength } };
    };
    for (const { name } of wanted) {
      const [forward, backward] = directions.map((direction) => {
        const { values, scales } = tensorNames(name, direction);
        return { values: lying(values), scales: lying(scales) };
      });
      found.set(name, { forward: forward!, backward: backward! });
    }
  }
  return (name) => found.get(name);
}
