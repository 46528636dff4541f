// From the command to the end of its first training step, of one picture: ViT-B/16 from a safetensors file that the system
// has in memory. Torch's side imports torch alone, no timm, reads the same file and takes the same step.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { alternate } from '../lib/alternate.ts';
import { type Bench, childEnv, cli, modelPath, newFolder, pictures } from '../lib/bench.ts';
import { lora } from '../lib/methods.ts';
import { fileNames } from '../lib/models.ts';
import { atMost, compare, type Row } from '../lib/row.ts';
import { type Python, startTorch, torchJob } from '../lib/torch.ts';
import type { Work } from '../lib/work.ts';

/** Seconds until the command tells of its first step; it is ended then. */
async function ourStart(bench: Bench, data: string, model: string): Promise<number> {
  const begun = performance.now();
  const flags = ['--model', model, '--method', lora.name, '--batch-size', '1', '--threads', String(bench.threads)];
  const child = spawn(process.execPath, [cli, 'train', data, ...flags, '--out', newFolder(bench, 'start'), '--json'], {
    env: { ...process.env, ...childEnv(bench) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    if ((JSON.parse(line) as { type: string }).type !== 'step') continue;
    const seconds = (performance.now() - begun) / 1000;
    child.kill('SIGKILL');
    await ended;
    return seconds;
  }
  throw new Error('start: the command ended before its first step');
}

async function torchStart(bench: Bench, python: Python, model: string): Promise<number> {
  const begun = performance.now();
  const work: Work = { model: bench.model, method: lora, kind: 'train', batch: 1 };
  const torch = startTorch(python);
  const weights = { file: `${model}/model.safetensors`, names: fileNames(bench.model) };
  await torch.make({ ...torchJob(work, 'fp32', bench.threads), weights });
  await torch.run({ batch: 1, steps: 1 });
  const seconds = (performance.now() - begun) / 1000;
  await torch.close();
  return seconds;
}

export const start: Row = {
  name: 'start',
  quick: false,
  async measure(bench) {
    const { python } = bench;
    const [data, model] = [await pictures(bench, 64, bench.model.imageSize), await modelPath(bench, bench.model)];
    bench.tell('warming the disk, deciding the micro-batch');
    await ourStart(bench, data, model);
    bench.tell('measuring');
    const { ours, theirs } = await alternate(
      {
        ours: () => ourStart(bench, data, model),
        ...(python ? { theirs: () => torchStart(bench, python, model) } : {}),
      },
      bench.rounds,
    );
    return [
      compare({
        work: 'start, command to the end of the first step',
        unit: 's',
        ours: ours!,
        theirs,
        against: 'torch fp32',
        goal: atMost(3, 'ours'),
        note: 'by the clock on the wall',
      }),
    ];
  },
};
