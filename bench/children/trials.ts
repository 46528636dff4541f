// Our side of a grid: runs trained together in one graph, or one after another. One request: the library's address, the
// runs, and which; answered with an Answer of one step.
import type { TrainOptions } from '../../src/index.ts';
import { load, print, read, serve } from './protocol.ts';

interface Job {
  readonly library: string;
  readonly runs: readonly TrainOptions[];
  readonly together: boolean;
}

const { library, runs, together } = (await read<Job>())!;
const { train, trainTogether } = await load(library);
print({});
await serve(async () => {
  if (!together) for (const run of runs) await train(run).result();
  else
    for await (const event of trainTogether(runs)) {
      if ('error' in event) throw event.error;
    }
  return undefined;
});
