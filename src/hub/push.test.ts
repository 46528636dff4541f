// Pushing an export to a server that speaks the hub's protocol, and pulling it again.
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type HubServer, startHub } from '../../test/support/hub-server.ts';
import { writeTinyModel } from '../../test/support/tiny.ts';
import { pullModel } from './pull.ts';
import { pushExport } from './push.ts';

const name = 'org/tuned';
let root: string;
let folder: string;
let hub: HubServer;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-push-'));
  hub = await startHub(name);
  hub.token = 'hf_write';
  folder = await writeTinyModel(join(root, 'export'));
  await writeFile(join(folder, 'README.md'), '# A model\n');
  await writeFile(join(folder, 'certificate.json'), '{}\n');
  await mkdir(join(folder, 'onnx'));
  await writeFile(join(folder, 'onnx', 'model.onnx'), new Uint8Array(5000).fill(7));
  vi.stubEnv('HF_HOME', join(root, 'home'));
  vi.stubEnv('HF_HUB_CACHE', '');
  vi.stubEnv('HF_HUB_OFFLINE', '');
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_TOKEN', 'hf_write');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(root, { recursive: true, force: true });
});

const push = (options: { public?: boolean } = {}) => pushExport(folder, name, { waitScale: 0.001, ...options });

it('comes back the same, and is private unless asked otherwise', async () => {
  hub.faults.busy = 2;
  const { files, url } = await push();
  expect([files, url, hub.visibility]).toEqual([
    ['README.md', 'certificate.json', 'config.json', 'model.safetensors', 'onnx/model.onnx'],
    `${hub.url}/${name}`,
    'private',
  ]);
  for (const file of files) expect(hub.files.get(file)!.bytes).toEqual(await readFile(join(folder, file)));
  const pulled = await pullModel(name);
  expect(await readFile(join(pulled.folder, 'model.safetensors'))).toEqual(
    await readFile(join(folder, 'model.safetensors')),
  );
  await push({ public: true });
  expect(hub.visibility).toBe('public');
});

it('follows no link out of the folder', async () => {
  await symlink('/etc/hostname', join(folder, 'notes.txt'));
  expect((await push()).files).not.toContain('notes.txt');
});

it.each([
  ['a token', () => vi.stubEnv('HF_TOKEN', ''), /needs a token that may write/],
  ['the right token', () => vi.stubEnv('HF_TOKEN', 'hf_other'), /needs a token with the right/],
  ['being online', () => vi.stubEnv('HF_HUB_OFFLINE', '1'), /HF_HUB_OFFLINE forbids/],
])('needs %s', async (_, change, pattern) => {
  change();
  await expect(push()).rejects.toThrow(pattern);
});

it('refuses what vitune export did not write, and what is no repository', async () => {
  await rm(join(folder, 'certificate.json'));
  await expect(push()).rejects.toThrow(/has no certificate.json/);
  await expect(pushExport(folder, 'tuned')).rejects.toThrow(/takes a repository of the hub/);
});
