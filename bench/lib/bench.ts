// What rows share: where files go, how often and by which clock to measure, and the two sides.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { cacheFolder } from '../../src/data/cache.ts';
import { writeOnnx } from '../../src/exchange/onnx.ts';
import type { TrainOptions } from '../../src/index.ts';
import { openHost } from '../../src/train/host.ts';
import { writeRun } from '../../test/support/runs.ts';
import { type Child, startChild } from './child.ts';
import { modelFolder } from './models.ts';
import { writePictures } from './pictures.ts';
import type { Python } from './torch.ts';
import { classes, type Model, type Work } from './work.ts';

/** By the wall's clock, or the time of all processors: less exact, but what else the machine does hardly counts. */
export type Clock = 'wall' | 'cpu';

export interface Bench {
  readonly python: Python | undefined;
  readonly threads: number;
  readonly rounds: number;
  readonly clock: Clock;
  readonly quick: boolean;
  /** Of the rows that are about ViT-B/16: a smaller one only tries the bench itself. */
  readonly model: Model;
  /** Says what is going on. */
  readonly tell: (text: string) => void;
  /** For this run of the bench. */
  readonly scratch: string;
  /** Kept from run to run. */
  readonly cache: string;
  /** Compiled programs of bench/children. */
  readonly programs: string;
  close(): Promise<void>;
}

const root = new URL('../../', import.meta.url);
/** The built library and command. */
export const library = new URL('dist/index.js', root).href;
export const cli = fileURLToPath(new URL('dist/cli/main.js', root));

export async function openBench(
  options: Pick<Bench, 'python' | 'threads' | 'rounds' | 'clock' | 'quick' | 'model' | 'tell'>,
): Promise<Bench> {
  const scratch = await mkdtemp(join(tmpdir(), 'vitune-bench-'));
  // Plain JavaScript, so that no compiler's memory is measured.
  const programs = join(scratch, 'programs');
  await build({
    entryPoints: ['train', 'infer', 'exported', 'trials'].map((name) =>
      fileURLToPath(new URL(`bench/children/${name}.ts`, root)),
    ),
    bundle: true,
    platform: 'node',
    format: 'esm',
    outdir: programs,
    outExtension: { '.js': '.mjs' },
  });
  const cache = join(cacheFolder(), 'bench');
  await mkdir(cache, { recursive: true });
  return { ...options, scratch, cache, programs, close: () => rm(scratch, { recursive: true, force: true }) };
}

/** Of this run of the bench only, so that nothing is remembered from earlier ones. */
export const childCache = ({ scratch }: Bench): string => join(scratch, 'cache');

/** Without saving, which torch's side doesn't do either. */
export const childEnv = (bench: Bench) => ({ VITUNE_CACHE: childCache(bench), VITUNE_SAVE_SECONDS: '1000000' });

/** Pictures of noise, written once a run. */
export async function pictures({ scratch }: Bench, count: number, side: number): Promise<string> {
  const folder = join(scratch, `pictures-${count}-${side}`);
  const written = await mkdir(folder, { recursive: true });
  return written === undefined ? folder : writePictures(folder, { count, side, classes });
}

/** A folder for a run. */
let runs = 0;
export const newFolder = ({ scratch }: Bench, name: string): string => join(scratch, `${name}-${runs++}`);

/** A model by size, in the cache, or a folder or embedded model by name. */
export const modelPath = (bench: Bench, model: Model | string): Promise<string> =>
  typeof model === 'string' ? Promise.resolve(model) : modelFolder(bench.cache, model);

/** A training run that goes on for as long as it is asked for steps. */
export async function startTraining(
  bench: Bench,
  work: Work,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly child: Child; readonly microBatch: number }> {
  const { batch, method, model } = work;
  const options: TrainOptions = {
    data: await pictures(bench, Math.max(64, batch), model.imageSize),
    model: await modelPath(bench, model),
    method: method.name,
    ...(method.options ? { methodOptions: method.options } : {}),
    epochs: 10_000,
    batchSize: batch,
    valFraction: 0,
    testFraction: 0,
    threads: bench.threads,
    featureCache: 'off', // torch computes everything anew, too
    out: newFolder(bench, 'run'),
    ...work.options,
  };
  const child = startChild(process.execPath, [join(bench.programs, 'train.mjs')], { ...childEnv(bench), ...env });
  const { microBatch } = await child.ask<{ microBatch: number }>({ library, options });
  return { child, microBatch };
}

/** A finished run's folder. */
async function tuned(bench: Bench, { model, method }: Pick<Work, 'model' | 'method'>): Promise<string> {
  return writeRun(newFolder(bench, 'tuned'), {
    model: await modelPath(bench, model),
    data: bench.scratch,
    classes: Array.from({ length: classes }, (_, i) => `class-${i}`),
    methods: [method],
  });
}

/** A tuned model, open for inference. */
export async function startInference(
  bench: Bench,
  work: Pick<Work, 'model' | 'method'>,
  options: Readonly<Record<string, unknown>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const folder = await tuned(bench, work);
  const child = startChild(process.execPath, [join(bench.programs, 'infer.mjs')], { ...childEnv(bench), ...env });
  const bytes = work.model.imageSize ** 2 * 3;
  await child.ask({ library, folder, bytes, options: { threads: bench.threads, ...options } });
  return child;
}

/** A tuned model's export in int8, open in ONNX Runtime alone. */
export async function startExported(bench: Bench, work: Pick<Work, 'model' | 'method'>): Promise<Child> {
  const host = await openHost();
  const loaded = await host.load(await tuned(bench, work));
  const folder = newFolder(bench, 'export');
  const [written] = await writeOnnx(folder, host.runtime, loaded, { precisions: ['int8'] });
  await loaded.dispose();
  const child = startChild(process.execPath, [join(bench.programs, 'exported.mjs')]);
  await child.ask({
    engine: import.meta.resolve('onnxruntime-node'),
    file: join(folder, written!.file),
    imageSize: work.model.imageSize,
    threads: bench.threads,
  });
  return child;
}

/** Runs the built command line; seconds from its start to its end. */
export async function runCommand(bench: Bench, args: readonly string[]): Promise<number> {
  const begun = performance.now();
  await promisify(execFile)(process.execPath, [cli, ...args], {
    env: { ...process.env, ...childEnv(bench) },
    maxBuffer: 2 ** 28,
  });
  return (performance.now() - begun) / 1000;
}
