// A thread that reads and augments the pictures of the next micro-batch; see prefetch.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../base/errors.ts';
import type { PrefetchData, PrefetchQuestion } from './prefetch.ts';
import type { Answer, Question } from './threads.ts';
import { viewOfFile } from './view.ts';

const { path, options } = workerData as PrefetchData;
const view = viewOfFile(path, options);
const bytes = options.wanted[0] * options.wanted[1] * 3;

parentPort!.on('message', ({ id, question: { indices, epoch } }: Question<PrefetchQuestion>) => {
  try {
    const out = new Uint8Array(indices.length * bytes);
    for (const [i, index] of indices.entries()) view(index, epoch, out, i * bytes);
    parentPort!.postMessage({ id, answer: out } satisfies Answer<Uint8Array>, [out.buffer]);
  } catch (error) {
    parentPort!.postMessage({ id, failure: messageOf(error) } satisfies Answer<Uint8Array>);
  }
});
