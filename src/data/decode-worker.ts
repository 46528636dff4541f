// A thread that decodes and resizes pictures; see decoder.ts.
import { parentPort } from 'node:worker_threads';
import type { DecodeQuestion } from './decoder.ts';
import { type Prepared, prepare } from './prepare.ts';
import type { Answer, Question } from './threads.ts';

parentPort!.on('message', async ({ id, question }: Question<DecodeQuestion>) => {
  const answer = await prepare(question.name, question.bytes, question.geometry);
  if (!('pixels' in answer)) return parentPort!.postMessage({ id, answer } satisfies Answer<Prepared>);
  // A copy of its own can be handed over; the decoder's memory may be shared.
  const pixels = answer.pixels.slice();
  parentPort!.postMessage({ id, answer: { ...answer, pixels } } satisfies Answer<Prepared>, [pixels.buffer]);
});
