// Our side of a training step: the library's own `train`, its events taken one by one. The first request has the library's
// address and the run's options and is answered with the micro-batch that the product chose; then {steps} any number of times.
import type { RunEvent, TrainOptions } from '../../src/index.ts';
import { load, print, read, serve } from './protocol.ts';

const { library, options } = (await read<{ library: string; options: TrainOptions }>())!;
const events = (await load(library)).train(options)[Symbol.asyncIterator]();

/** The next event of a kind. */
async function next<T extends RunEvent['type']>(type: T): Promise<Extract<RunEvent, { type: T }>> {
  for (;;) {
    const { done, value } = await events.next();
    if (done) throw new Error(`the run ended before a further ${type}`);
    if (value.type === type) return value as Extract<RunEvent, { type: T }>;
  }
}

print({ microBatch: (await next('probe')).microBatch });
await serve(async () => (await next('step')).loss);
await events.return?.(undefined); // the run has more epochs than anyone waits for; its sessions are disposed
process.exit(0);
