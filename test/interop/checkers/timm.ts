// timm's model folders: tokens, features, pooled features and logits at one or several sizes, and gradients.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '../../../src/base/tensor.ts';
import { timmSource } from '../../../src/model/families/timm.ts';
import { loadBackbone } from '../../../src/model/load.ts';
import type { Checker, Figure } from '../case.ts';
import { figure, gradientFigure, tensorFigure, tolerances, worst } from '../compare.ts';
import { backward, forward, type Model } from '../network.ts';
import { readTensors, rowsOfTensor } from '../tensors.ts';
import { subfolders } from './folders.ts';

/** What timm calls the stages, by what the network's outputs are called. */
const stage = (name: string, model: Model): string => {
  if (name === 'features') return 'tokens';
  if (name === 'logits') return model.head ? 'output' : 'pooled'; // without classes timm's head passes the feature on
  return name;
};

const sizeOfPictures = (pictures: Tensor) => [pictures.shape[2]!, pictures.shape[3]!] as const;

export async function compareGradients(model: Model, pictures: Tensor, path: string): Promise<Figure[]> {
  const fixture = await readTensors(path);
  const { loss, gradients } = await backward(model, pictures, fixture.get('labels')!);
  const figures = [...gradients].map(([name, got]) => {
    const source = timmSource(name, model.config.width);
    const want = fixture.get(`grad.${source.name}`);
    if (!want) throw new Error(`gradients: the fixture has none for ${source.name}`);
    return gradientFigure(name, got, rowsOfTensor(want, source));
  });
  const wanted = [...fixture.keys()].filter((name) => name.startsWith('grad.')).map((name) => name.slice(5));
  const compared = new Set([...gradients.keys()].map((name) => timmSource(name, model.config.width).name));
  const left = wanted.filter((name) => !compared.has(name));
  if (left.length > 0) throw new Error(`gradients: none for ${left.join(', ')}`);
  return [figure('loss', [loss], [Number(fixture.get('loss')!.data[0])], tolerances.loss), worst('gradients', figures)];
}

export const timm: Checker = async (folder) =>
  (await subfolders(folder)).map((name) => ({
    name,
    async run() {
      const path = join(folder, name);
      const input = await readTensors(join(path, 'input.safetensors'));
      const expected = await readTensors(join(path, 'expected.safetensors'));
      const figures: Figure[] = [];
      for (const [key, pictures] of input) {
        const suffix = key.slice(1); // `x` or `x.0`, `x.1`, ...
        const model = await loadBackbone(path, { imageSize: sizeOfPictures(pictures) });
        const outputs = await forward(model, pictures);
        for (const [wanted, tensor] of expected) {
          if (suffix !== '' && !wanted.endsWith(suffix)) continue;
          const bare = suffix === '' ? wanted : wanted.slice(0, -suffix.length);
          figures.push(tensorFigure(wanted, outputs[stage(bare, model)], tensor, tolerances.forward));
        }
        const gradients = join(path, 'grads.safetensors');
        if (existsSync(gradients)) figures.push(...(await compareGradients(model, pictures, gradients)));
      }
      return summary(figures);
    },
  }));

/** All blocks as one figure. */
export function summary(figures: readonly Figure[]): Figure[] {
  const blocks = figures.filter(({ name }) => /^(block|hidden_states)\./.test(name));
  const rest = figures.filter((f) => !blocks.includes(f));
  return [...(blocks.length > 0 ? [worst('blocks', blocks)] : []), ...rest];
}
