// A small study that is really trained: two methods, three kinds of drawn pictures, a random network of two blocks.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openPlan } from '../../src/study/check.ts';
import type { StudyEnvironment } from '../../src/study/environment.ts';
import { openDatabase } from '../../src/study/open.ts';
import { firstTrials, studyId } from '../../src/study/protocol.ts';
import { openStore } from '../../src/study/store.ts';
import { runWorker } from '../../src/study/worker.ts';
import { writePictures, writeTinyModel } from './tiny.ts';

const plan = `name: tiny-study
models: tiny
data: shapes
dataOptions: { valFraction: 0.25, testFraction: 0.25 }
methods:
  - { name: linear, training: { learningRate: [0.01, 0.1] } }
  - { name: lora, options: { rank: 2 }, training: { learningRate: [0.001, 0.01] } }
training: { epochs: 4, batchSize: 8 }
seeds: [0, 1]
`;

/** Writes plan, model and data below `root` and runs the study there, into `root`/db. */
export async function runTinyStudy(root: string, environment: StudyEnvironment): Promise<void> {
  await writePictures(join(root, 'shapes'), 12);
  await writeTinyModel(join(root, 'tiny'));
  const file = join(root, 'plan.yaml');
  await writeFile(file, plan);
  const study = await openPlan(await readFile(file, 'utf8'), file, root, environment);
  const store = openStore(await openDatabase(join(root, 'db'), 'study'));
  try {
    const cells = study.cells.map(({ model, data, method }) => ({ model, data, method }));
    await store.addStudy({ id: studyId(study), name: study.plan.name, plan: study.plan, cells }, firstTrials(study));
    const signal = new AbortController().signal;
    await runWorker({ id: 'tiny', store, environment, runs: join(root, 'runs'), signal, leave: true });
  } finally {
    await store.close();
  }
}
