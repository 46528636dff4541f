// What is published: the packed tarball, installed into an empty project, trains from JavaScript and type-checks from
// TypeScript, there and not here.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { writePictures } from '../support/tiny.ts';

const here = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
let project: string;
let files: readonly { readonly path: string; readonly size: number }[];

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'vitune-package-'));
  process.env.VITUNE_CACHE = join(project, 'cache');
  const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], { cwd: here });
  const [made] = JSON.parse(packed.stdout) as [{ filename: string; files: typeof files }];
  files = made.files;
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  await run(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', join(project, made.filename)],
    { cwd: project },
  );
  await writePictures(join(project, 'shapes'), 8);
}, 300_000); // a first install fetches ONNX Runtime, a large package

it('holds what is needed, and the embedded model in at most 5 MB', async () => {
  const paths = files.map(({ path }) => path);
  for (const path of [
    'LICENSE',
    'NOTICE',
    'README.md',
    'CHANGELOG.md',
    'dist/index.d.ts',
    'dist/cli/main.js',
    'dist/web/app/app.js',
  ])
    expect(paths).toContain(path);
  expect(paths.filter((path) => /\.test\.|^(src|test|scripts|pretrain)\//.test(path))).toEqual([]);
  const models = files.filter(({ path }) => path.startsWith('models/'));
  expect(models.map(({ path }) => path)).toContain('models/vitune-tiny/README.md');
  expect(models.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(5e6);
});

it('trains from JavaScript', async () => {
  const script = `
    import { openTuned, train } from 'vitune';
    const types = new Set();
    for await (const event of train({ data: 'shapes', epochs: 1, method: 'lora', methodOptions: { rank: 4 }, out: 'run' }))
      types.add(event.type);
    const tuned = await openTuned('run');
    const { top1, pictures } = await tuned.evaluate('shapes');
    await tuned.dispose();
    console.log(JSON.stringify({ types: [...types], top1, pictures }));
  `;
  await writeFile(join(project, 'main.mjs'), script);
  const { stdout } = await run(process.execPath, ['main.mjs'], { cwd: project });
  const result = JSON.parse(stdout) as { types: string[]; top1: number; pictures: number };
  expect(result.types).toEqual(['decoding', 'start', 'probe', 'step', 'features', 'epoch', 'done']);
  expect(result.pictures).toBe(24);
  expect(await readdir(join(project, 'run'))).toContain('adapter_model.safetensors');
});

it('runs a study from JavaScript', async () => {
  const script = `
    import { planStudy, runStudy, studyResults, studyStatus } from 'vitune/study';
    const plan = { name: 'packed', data: 'shapes', methods: ['linear'], training: { epochs: 1 }, seeds: [0, 1] };
    const { runs } = await planStudy(plan);
    const types = new Set();
    for await (const event of runStudy(plan, { db: 'studies', workers: 1 })) types.add(event.type);
    const [{ standing }] = await studyStatus({ db: 'studies' });
    const results = await studyResults({ db: 'studies' });
    console.log(JSON.stringify({ runs, types: [...types], status: standing.status, seeds: results.map(({ seed }) => seed) }));
  `;
  await writeFile(join(project, 'study.mjs'), script);
  const { stdout } = await run(process.execPath, ['study.mjs'], { cwd: project });
  expect(JSON.parse(stdout)).toEqual({
    runs: 2,
    types: ['start', 'progress', 'done'],
    status: 'done',
    seeds: [0, 1],
  });
});

it('has a command', async () => {
  const { stdout } = await run('npx', ['--no-install', 'vitune', '--version'], { cwd: project });
  const { version } = JSON.parse(await readFile(join(here, 'package.json'), 'utf8')) as { version: string };
  expect(stdout.trim()).toBe(version);
  expect((await stat(join(project, 'node_modules/vitune/dist/cli/main.js'))).mode & 0o111).not.toBe(0);
});

it('type-checks from TypeScript, its own declarations included', async () => {
  const consumer = `
    import { type Metrics, OptionError, type RunEvent, train, type TrainOptions } from 'vitune';
    import { type FinalResult, runStudy, type StudyPlan } from 'vitune/study';
    const options: TrainOptions = { data: 'shapes', method: 'lora', epochs: 1, optimizer: 'adamw', seed: 3 };
    export async function losses(): Promise<readonly number[]> {
      const out: number[] = [];
      for await (const event of train(options)) if (event.type === 'step') out.push(event.loss);
      return out;
    }
    export const top1 = (event: RunEvent): number | undefined => {
      const metrics: Metrics | undefined = event.type === 'done' ? event.test : undefined;
      return metrics?.top1;
    };
    const plan: StudyPlan = { name: 'typed', data: 'shapes', methods: [{ name: 'lora', options: { rank: [4, 8] } }] };
    export async function tuned(): Promise<readonly FinalResult[]> {
      for await (const event of runStudy(plan, { workers: 1 })) if (event.type === 'done') return event.results;
      return [];
    }
    // @ts-expect-error: a plan has methods, or a preset that brings them
    runStudy({ name: 'x', data: 'shapes' });
    export const isMine = (error: unknown): boolean => error instanceof OptionError;
    // @ts-expect-error: no such optimizer
    train({ data: 'shapes', optimizer: 'adam' });
    // @ts-expect-error: data is needed
    train({ epochs: 1 });
  `;
  await mkdir(join(project, 'src'));
  await writeFile(join(project, 'src/consumer.ts'), consumer);
  const compilerOptions = {
    ...{ module: 'nodenext', target: 'es2023', lib: ['es2023', 'dom', 'esnext.disposable'] },
    ...{ strict: true, skipLibCheck: false, noEmit: true, types: [] },
  };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  const tsc = join(here, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', '.'], { cwd: project }).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
});
