// Exports, imports and the hub from the command line.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { start as startCli, vitune } from '../support/cli.ts';
import { startHub } from '../support/hub-server.ts';
import { writeRun } from '../support/runs.ts';
import { shapeNames, writePictures, writeTinyModel } from '../support/tiny.ts';

let root: string;
let run: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-export-cli-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  const data = await writePictures(join(root, 'shapes'), 10);
  const model = await writeTinyModel(join(root, 'vit'));
  const methods = [{ name: 'lora' }];
  run = await writeRun(join(root, 'run'), { model, data, classes: shapeNames, methods });
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('export writes a folder and says how near it is; import takes it back', async () => {
  const adapter = join(root, 'adapter');
  const { code, stdout } = await vitune('export', run, '--to', 'peft', '--out', adapter);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/logits differ by at most .*same class/)]);
  expect((await readdir(adapter)).sort()).toEqual([
    'README.md',
    'adapter_config.json',
    'adapter_model.safetensors',
    'certificate.json',
  ]);
  const imported = join(root, 'imported');
  const flags = ['--model', join(root, 'vit'), '--out', imported, '--classes', shapeNames.join(',')];
  const back = await vitune('import', adapter, ...flags);
  expect([back.code, back.stdout]).toEqual([0, `lora, 3 classes: ${imported}\n`]);
  const picture = join(root, 'shapes', 'disc', '1.png');
  const [before, after] = await Promise.all(
    [run, imported].map((folder) => vitune('predict', folder, picture, '--json')),
  );
  expect(after!.stdout).toBe(before!.stdout);
});

it('what can not be done is one line', async () => {
  const taken = await vitune('export', run, '--to', 'hf', '--out', join(root, 'shapes'));
  expect([taken.code, taken.stderr]).toEqual([1, expect.stringMatching(/^vitune: --out .* is not empty[^\n]*\n$/)]);
  expect((await vitune('export', run, '--out', 'x')).code).toBe(2);
});

it('pull gets a model that others find by its name', async () => {
  const hub = await startHub('org/tiny');
  for (const file of ['config.json', 'model.safetensors'])
    hub.files.set(file, { bytes: await readFile(join(root, 'vit', file)) });
  const env = { HF_HOME: join(root, 'home'), HF_ENDPOINT: hub.url };
  const run = async (...args: string[]) => {
    const { finished } = startCli(args, env);
    return await finished;
  };
  const pulled = await run('pull', 'org/tiny');
  expect([pulled.code, pulled.stdout]).toEqual([0, expect.stringContaining('2 files')]);
  expect((await run('models', 'org/tiny')).stdout).toContain('width 32, 2 blocks');
  await hub.close();
});
