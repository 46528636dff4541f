// A linear probe of 30 epochs, from command to result, against one forward pass over its pictures: what is frozen is to be
// computed once. Pictures are decoded before; features are not kept from one measurement to the next.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { alternate } from '../lib/alternate.ts';
import { type Bench, childCache, modelPath, newFolder, pictures, runCommand, startInference } from '../lib/bench.ts';
import { atMost, compare, type Row } from '../lib/row.ts';
import type { Answer, Model } from '../lib/work.ts';

const method = { name: 'linear' } as const;
const epochs = 30;

async function probe(bench: Bench, data: string, model: Model, passes: number): Promise<number> {
  await rm(join(childCache(bench), 'features'), { recursive: true, force: true });
  const flags = ['--model', await modelPath(bench, model), '--method', method.name, '--epochs', String(passes)];
  const splits = ['--val-fraction', '0', '--test-fraction', '0', '--threads', String(bench.threads)];
  return runCommand(bench, ['train', data, ...flags, ...splits, '--out', newFolder(bench, 'probe'), '--json']);
}

export const linearProbe: Row = {
  name: 'linear-probe',
  quick: true,
  async measure(bench) {
    const count = bench.quick ? 300 : 1000;
    const model: Model = bench.quick ? { ...bench.model, size: 'tiny' } : bench.model;
    const data = await pictures(bench, count, model.imageSize);
    bench.tell('decoding');
    await probe(bench, data, { ...model, size: 'tiny', depth: 1 }, 1); // the same pictures, and hardly a model
    const child = await startInference(bench, { model, method });
    const forward = async () => (await child.ask<Answer>({ batch: count, steps: 1 })).wall[0]!;
    try {
      bench.tell('measuring');
      const { ours, theirs } = await alternate(
        { ours: () => probe(bench, data, model, epochs), theirs: forward },
        Math.min(3, bench.rounds),
      );
      return [
        compare({
          work: `linear probe, ${epochs} epochs, ViT-${model.size}, ${count} pictures`,
          unit: 's',
          ours: ours!,
          theirs,
          against: 'ours, one forward pass',
          goal: atMost(1.2),
          note: 'by the clock on the wall, start of the command included',
        }),
      ];
    } finally {
      await child.close();
    }
  },
};
