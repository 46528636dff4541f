// The sides of a comparison by images per second: ours and torch's, each in a process of its own.
import { alternate, type Measure } from './alternate.ts';
import { type Bench, startInference, startTraining } from './bench.ts';
import { startTorch, type TorchPrecision, torchJob } from './torch.ts';
import type { Answer, Work } from './work.ts';

export interface Side {
  /** Images a second of the pictures of one round. */
  readonly measure: Measure;
  /** How it ran, e.g. its micro-batch. */
  readonly note: string;
  /** The most memory that its process held so far. */
  peakBytes(): number;
  close(): Promise<void>;
}

interface Runner {
  run(steps: number): Promise<Answer>;
  close(): Promise<void>;
}

/** One step to warm up, then `pictures` at least a round. */
async function side(bench: Bench, note: string, batch: number, pictures: number, runner: Runner): Promise<Side> {
  let peak = (await runner.run(1)).peakBytes;
  const steps = Math.ceil(pictures / batch);
  return {
    note,
    async measure() {
      const answer = await runner.run(steps);
      peak = answer.peakBytes;
      return (batch * steps) / answer[bench.clock].reduce((sum, seconds) => sum + seconds, 0);
    },
    peakBytes: () => peak,
    close: () => runner.close(),
  };
}

/** Pictures that our evaluations run at once. */
const evaluationBatch = 16;

export async function ourSide(bench: Bench, work: Work): Promise<Side> {
  bench.tell('starting ours');
  if (work.kind === 'infer') {
    const child = await startInference(bench, work, work.options);
    const run = (steps: number) => child.ask<Answer>({ batch: evaluationBatch, steps });
    return side(bench, `${evaluationBatch} at once`, evaluationBatch, work.batch, { run, close: child.close });
  }
  const { child, microBatch } = await startTraining(bench, work);
  const note = `micro-batch ${microBatch} of ${work.batch}`;
  return side(bench, note, work.batch, work.batch, { run: (steps) => child.ask({ steps }), close: child.close });
}

/** Batches that torch may choose from. */
const torchBatches = [1, 4, 8, 16];

/** `batches`: which torch may choose from, by one step of each after one to warm up. Undefined where there is no torch. */
export async function torchSide(
  bench: Bench,
  work: Work,
  precision: TorchPrecision,
  batches: readonly number[] = bench.quick ? [4, 8] : torchBatches,
): Promise<Side | undefined> {
  if (!bench.python) return undefined;
  bench.tell(`starting torch ${precision}`);
  const torch = startTorch(bench.python);
  await torch.make(torchJob(work, precision, bench.threads));
  let [chosen, fastest] = [batches[0]!, 0];
  for (const batch of batches.length > 1 ? batches : []) {
    await torch.run({ batch, steps: 1 });
    const rate = batch / (await torch.run({ batch, steps: 1 }))[bench.clock][0]!;
    if (rate > fastest) [chosen, fastest] = [batch, rate];
  }
  const run = (steps: number) => torch.run({ batch: chosen, steps });
  return side(bench, `batch ${chosen}`, chosen, work.batch, { run, close: torch.close });
}

export interface Measured {
  /** Images a second, round by round. */
  readonly rates: readonly number[];
  readonly note: string;
  readonly peakBytes: number;
}

/** Starts the sides one after another, measures them in turns, and ends their processes whatever happens. */
export async function measureSides<Name extends string>(
  bench: Bench,
  start: Readonly<Record<Name, () => Promise<Side | undefined>>>,
): Promise<Readonly<Partial<Record<Name, Measured>>>> {
  const sides = new Map<Name, Side>();
  try {
    for (const name of Object.keys(start) as Name[]) {
      const started = await start[name]();
      if (started) sides.set(name, started);
    }
    bench.tell('measuring');
    const measures = Object.fromEntries([...sides].map(([name, { measure }]) => [name, measure]));
    const rates = await alternate(measures, bench.rounds);
    const measured = [...sides].map(([name, { note, peakBytes }]) => [
      name,
      { rates: rates[name]!, note, peakBytes: peakBytes() },
    ]);
    return Object.fromEntries(measured) as Partial<Record<Name, Measured>>;
  } finally {
    for (const { close } of sides.values()) await close();
  }
}
