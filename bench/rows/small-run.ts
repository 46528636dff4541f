// A whole small run from command to result: the embedded model, LoRA, 1,000 pictures, 20 epochs. Ours reads and decodes
// pictures; torch's side is given them as tensors, and counts from the start of Python.

import { loadBackbone } from '../../src/model/load.ts';
import { defaultModel, locateModel } from '../../src/model/locate.ts';
import { alternate } from '../lib/alternate.ts';
import { type Bench, newFolder, pictures, runCommand } from '../lib/bench.ts';
import { lora } from '../lib/methods.ts';
import { atLeast, compare, type Row } from '../lib/row.ts';
import { type Python, startTorch } from '../lib/torch.ts';
import { classes } from '../lib/work.ts';

const [count, epochs, batch] = [1000, 20, 32];
/** Enough: each takes as long as a row of steps. */
const rounds = 2;

async function ourRate(bench: Bench, data: string): Promise<number> {
  const options = ['--epochs', String(epochs), '--batch-size', String(batch), '--threads', String(bench.threads)];
  const splits = ['--val-fraction', '0', '--test-fraction', '0'];
  const out = newFolder(bench, 'small');
  const flags = ['--model', defaultModel, '--method', lora.name, ...options, ...splits, '--out', out, '--json'];
  return (count * epochs) / (await runCommand(bench, ['train', data, ...flags]));
}

async function torchRate(bench: Bench, python: Python): Promise<number> {
  const begun = performance.now();
  const { config } = await loadBackbone(locateModel(defaultModel));
  const torch = startTorch(python);
  await torch.make({ config, classes, method: lora, kind: 'train', precision: 'fp32', threads: bench.threads });
  await torch.run({ batch, steps: (count * epochs) / batch });
  const seconds = (performance.now() - begun) / 1000;
  await torch.close();
  return (count * epochs) / seconds;
}

export const smallRun: Row = {
  name: 'small-run',
  quick: false,
  async measure(bench) {
    const { python } = bench;
    const { config } = await loadBackbone(locateModel(defaultModel));
    const data = await pictures(bench, count, config.imageSize[0]);
    bench.tell('measuring');
    const { ours, theirs } = await alternate(
      { ours: () => ourRate(bench, data), ...(python ? { theirs: () => torchRate(bench, python) } : {}) },
      Math.min(rounds, bench.rounds),
    );
    return [
      compare({
        work: `whole run, ${defaultModel}, LoRA, ${count} pictures, ${epochs} epochs`,
        unit: 'images/s',
        ours: ours!,
        theirs,
        against: 'torch fp32',
        goal: atLeast(2),
        note: 'by the clock on the wall',
      }),
    ];
  },
};
