// Our side of inference: a tuned model opened as a user opens it. The first request has the library's address, the run's
// folder and the bytes of a picture; then {batch, steps} any number of times.
import type { UseOptions } from '../../src/index.ts';
import { load, print, read, serve } from './protocol.ts';

interface Job {
  readonly library: string;
  readonly folder: string;
  readonly options: UseOptions;
  readonly bytes: number;
}

const { library, folder, options, bytes } = (await read<Job>())!;
const tuned = await (await load(library)).openTuned(folder, options);
const picture = Uint8Array.from({ length: bytes }, (_, i) => (i * 2654435761) >>> 24);
print({});
await serve<{ batch: number; steps: number }>(async ({ batch }) => {
  await tuned.logits({ count: batch, copy: (_, out, offset) => out.set(picture, offset) });
  return undefined;
});
await tuned.dispose();
