// Folders that transformers' save_pretrained wrote: hidden states, last tokens, pooled outputs, embeddings and logits.
import { join } from 'node:path';
import { loadBackbone } from '../../../src/model/load.ts';
import type { Checker, Figure } from '../case.ts';
import { tensorFigure, tolerances } from '../compare.ts';
import { forward, type Model } from '../network.ts';
import { readTensors } from '../tensors.ts';
import { subfolders } from './folders.ts';
import { summary } from './timm.ts';

/** The two logits that DeiT averages; their mean is compared. */
const halves = ['cls_logits', 'distillation_logits'];

/** The network's output that transformers gives under `name`. */
function outputFor(name: string, { config, head }: Model): string {
  const state = /^hidden_states\.(\d+)$/.exec(name);
  if (state) return state[1] === '0' ? 'embed' : `block.${Number(state[1]) - 1}`;
  // CLIP's last hidden state is the one output that transformers gives before the last norm.
  if (name === 'last_hidden_state') return config.family === 'clip' ? `block.${config.depth - 1}` : 'tokens';
  if (name === 'pooler_output') return head?.kind === 'pooler' ? 'output' : 'pooled';
  return 'output';
}

export const transformers: Checker = async (folder) =>
  (await subfolders(folder)).map((name) => ({
    name,
    async run() {
      const path = join(folder, name);
      const input = await readTensors(join(path, 'input.safetensors'));
      const expected = await readTensors(join(path, 'expected.safetensors'));
      const figures: Figure[] = [];
      for (const [key, pictures] of input) {
        const suffix = key.slice('pixel_values'.length); // '' or `.0`, `.1`, ...
        const model = await loadBackbone(path, { imageSize: [pictures.shape[2]!, pictures.shape[3]!] });
        const outputs = await forward(model, pictures);
        for (const [wanted, tensor] of expected) {
          if (!wanted.endsWith(suffix) || halves.includes(wanted)) continue;
          const bare = suffix === '' ? wanted : wanted.slice(0, -suffix.length);
          figures.push(tensorFigure(wanted, outputs[outputFor(bare, model)], tensor, tolerances.forward));
        }
      }
      return summary(figures);
    },
  }));
