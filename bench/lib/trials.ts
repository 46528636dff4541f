// Trials of a grid on the embedded model that differ in learning rate and seed: trained together in one graph, or one after
// another, in a process of their own.
import { join } from 'node:path';
import type { TrainOptions } from '../../src/index.ts';
import { loadBackbone } from '../../src/model/load.ts';
import { defaultModel, locateModel } from '../../src/model/locate.ts';
import { type Bench, childEnv, library, newFolder, pictures } from './bench.ts';
import { startChild } from './child.ts';
import type { Answer, Method } from './work.ts';

export interface Trials {
  readonly method: Method;
  readonly trials: number;
  readonly epochs: number;
  /** Pictures of an epoch. */
  readonly count: number;
  readonly together: boolean;
}

/** All of them to their end, as one step. */
export async function runTrials(bench: Bench, { method, trials, epochs, count, together }: Trials): Promise<Answer> {
  const { config } = await loadBackbone(locateModel(defaultModel));
  const data = await pictures(bench, count, config.imageSize[0]);
  const runs = Array.from(
    { length: trials },
    (_, trial): TrainOptions => ({
      data,
      method: method.name,
      ...(method.options ? { methodOptions: method.options } : {}),
      learningRate: 1e-4 * 2 ** trial,
      seed: trial,
      epochs,
      valFraction: 0,
      testFraction: 0,
      threads: bench.threads,
      out: newFolder(bench, 'trial'),
    }),
  );
  const child = startChild(process.execPath, [join(bench.programs, 'trials.mjs')], childEnv(bench));
  await child.ask({ library, runs, together });
  const answer = await child.ask<Answer>({ steps: 1 });
  await child.close();
  return answer;
}
