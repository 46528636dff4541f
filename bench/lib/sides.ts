// The sides of a comparison by images per second: ours and torch's, each in a process of its own.
import { evaluationAtOnce } from '../../src/train/at-once.ts';
import { alternate, type Measure } from './alternate.ts';
import { type Bench, type Clock, startExported, startInference, startTraining } from './bench.ts';
import { startTorch, type TorchPrecision, torchJob } from './torch.ts';
import { type Answer, vitConfig, type Work } from './work.ts';

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

/** Pictures a round of our inference asks for, which the library runs a few at once. */
const evaluated = 16;

export async function ourSide(bench: Bench, work: Work): Promise<Side> {
  bench.tell('starting ours');
  if (work.kind === 'infer') {
    const child = await startInference(bench, work, work.options);
    const run = (steps: number) => child.ask<Answer>({ batch: evaluated, steps });
    const note = `${evaluationAtOnce(vitConfig(work.model), 'cpu')} at once`;
    return side(bench, note, evaluated, work.batch, { run, close: child.close });
  }
  const { child, microBatch } = await startTraining(bench, work);
  const note = `micro-batch ${microBatch} of ${work.batch}`;
  return side(bench, note, work.batch, work.batch, { run: (steps) => child.ask({ steps }), close: child.close });
}

type Runs = (request: { readonly batch: number; readonly steps: number }) => Promise<Answer>;

/** Which of the batches runs most pictures a second, by one step of each after one to warm up. */
async function fastestOf(batches: readonly number[], run: Runs, clock: Clock): Promise<number> {
  let [chosen, fastest] = [batches[0]!, 0];
  for (const batch of batches.length > 1 ? batches : []) {
    await run({ batch, steps: 1 });
    const rate = batch / (await run({ batch, steps: 1 }))[clock][0]!;
    if (rate > fastest) [chosen, fastest] = [batch, rate];
  }
  return chosen;
}

/** Batches that whoever has no rule of its own may choose from. */
const anyBatches = [1, 4, 8, 16];

/** The ONNX file of `vitune export --int8` in ONNX Runtime, without vitune, at the fastest batch. */
export async function exportedSide(bench: Bench, work: Work): Promise<Side> {
  bench.tell('exporting in int8');
  const child = await startExported(bench, work);
  const batch = await fastestOf(anyBatches, child.ask, bench.clock);
  const run = (steps: number) => child.ask<Answer>({ batch, steps });
  return side(bench, `export --int8, batch ${batch}`, batch, work.batch, { run, close: child.close });
}

/** `batches`: which torch may choose from. Undefined where there is no torch. */
export async function torchSide(
  bench: Bench,
  work: Work,
  precision: TorchPrecision,
  batches: readonly number[] = bench.quick ? [4, 8] : anyBatches,
): Promise<Side | undefined> {
  if (!bench.python) return undefined;
  bench.tell(`starting torch ${precision}`);
  const torch = startTorch(bench.python);
  await torch.make(torchJob(work, precision, bench.threads));
  const chosen = await fastestOf(batches, (request) => torch.run(request), bench.clock);
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
