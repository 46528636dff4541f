// Pulling from a server that speaks the hub's protocol, with cuts, waits, wrong bytes and lies.
import { lstat, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitHash, type HubServer, sha256, startHub } from '../../test/support/hub-server.ts';
import { writeTinyModel } from '../../test/support/tiny.ts';
import { cachedSnapshot, hubNameOf, parseHubModel } from '../model/hub-cache-file.ts';
import { loadBackbone } from '../model/load.ts';
import { locateModel } from '../model/locate.ts';
import { pullModel } from './pull.ts';
import { retryAfter } from './retry.ts';

const name = 'org/tiny-vit';
const variables = ['HF_HOME', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN', 'HF_ENDPOINT', 'HF_HUB_OFFLINE'];
const before = variables.map((key) => [key, process.env[key]] as const);
let root: string;
let hub: HubServer;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-hub-'));
  hub = await startHub(name);
  const model = await writeTinyModel(join(root, 'model'));
  for (const file of ['config.json', 'model.safetensors'])
    hub.files.set(file, { bytes: await readFile(join(model, file)), lfs: file === 'model.safetensors' });
  hub.files.set('README.md', { bytes: Buffer.from('# not needed') });
  hub.files.set('pytorch_model.bin', { bytes: Buffer.from('not needed beside safetensors'), lfs: true });
  for (const key of variables) delete process.env[key];
  process.env.HF_HOME = join(root, 'home');
  process.env.HF_ENDPOINT = hub.url;
});
afterEach(async () => {
  await hub.close();
  await rm(root, { recursive: true, force: true });
  for (const [key, value] of before)
    if (value === undefined) delete process.env[key];
    else process.env[key] = value;
});

const pull = (text = name) => pullModel(text, { waitScale: 0.001 });
const weights = () => hub.files.get('model.safetensors')!.bytes;
const repository = () => join(root, 'home', 'hub', 'models--org--tiny-vit');
/** Requests for a file's bytes. */
const fetched = (file: string) => hub.log.filter((line) => line.includes(`/${file}`) && line.includes('/resolve/'));

describe('into the cache', () => {
  it("that Python's huggingface_hub shares: blobs by hash, links by commit and name, a file for the branch", async () => {
    const seen: number[] = [];
    const pulled = await pullModel(name, { onProgress: ({ done, total }) => seen.push(done / total) });
    expect(pulled.files).toEqual(['config.json', 'model.safetensors']);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    const config = hub.files.get('config.json')!.bytes;
    expect((await readdir(join(repository(), 'blobs'))).sort()).toEqual([gitHash(config), sha256(weights())].sort());
    expect(await readFile(join(repository(), 'refs', 'main'), 'utf8')).toBe(hub.commit);
    const link = join(repository(), 'snapshots', hub.commit, 'model.safetensors');
    expect(await readlink(link)).toBe(join('..', '..', 'blobs', sha256(weights())));
  });

  it('from where --model finds it, and from where it loads', async () => {
    expect(() => locateModel(name)).toThrow(/vitune pull org\/tiny-vit gets it from the hub/);
    const { folder } = await pull();
    expect(locateModel(name)).toBe(folder);
    expect(locateModel(`${name}@${hub.commit}`)).toBe(folder);
    expect(hubNameOf(folder)).toBe(name);
    expect((await loadBackbone(folder)).config.width).toBe(32);
  });

  it('once: what is there is not asked for again', async () => {
    await pull();
    hub.log.length = 0;
    await pull();
    expect(hub.log.filter((line) => line.includes('/resolve/'))).toEqual([]);
  });

  it('shards where there is no whole', async () => {
    const { bytes } = hub.files.get('model.safetensors')!;
    hub.files.delete('model.safetensors');
    for (const shard of ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'])
      hub.files.set(shard, { bytes: Buffer.concat([bytes, Buffer.from(shard)]), lfs: true });
    hub.files.set('model.safetensors.index.json', { bytes: Buffer.from('{}') });
    expect((await pull()).files).toHaveLength(4);
  });

  it('HF_HUB_CACHE wins over HF_HOME', async () => {
    process.env.HF_HUB_CACHE = join(root, 'elsewhere');
    expect((await pull()).folder.startsWith(join(root, 'elsewhere', 'models--org--tiny-vit'))).toBe(true);
  });
});

describe('through trouble', () => {
  it('a cut connection goes on where it ended', async () => {
    hub.faults.cuts = { after: 30_000, times: 3 };
    const { folder } = await pull();
    expect(sha256(await readFile(join(folder, 'model.safetensors')))).toBe(sha256(weights()));
    const ranges = fetched('model.safetensors').map((line) => line.split(' ')[2]);
    expect(ranges.filter((range) => range !== undefined).length).toBeGreaterThan(1);
  });

  it('what an earlier process left is gone on with', async () => {
    await pull();
    const blob = join(repository(), 'blobs', sha256(weights()));
    await rm(blob);
    await writeFile(`${blob}.incomplete`, weights().subarray(0, 1000));
    hub.log.length = 0;
    await pull();
    expect(fetched('model.safetensors')).toEqual([`GET /${name}/resolve/${hub.commit}/model.safetensors bytes=1000-`]);
    expect(sha256(await readFile(blob))).toBe(sha256(weights()));
  });

  it('leftovers that are something else are thrown away', async () => {
    await pull();
    const blob = join(repository(), 'blobs', sha256(weights()));
    await rm(blob);
    await writeFile(`${blob}.incomplete`, new Uint8Array(1000));
    await pull();
    expect(sha256(await readFile(blob))).toBe(sha256(weights()));
  });

  it('a server that knows no ranges', async () => {
    hub.faults.cuts = { after: 30_000, times: 1 };
    hub.faults.ignoresRanges = true;
    expect((await loadBackbone((await pull()).folder)).config.depth).toBe(2);
  });

  it('429 is waited for', async () => {
    hub.faults.busy = 4;
    await pull();
    expect(retryAfter('3')).toBe(3000);
    expect(retryAfter(new Date(Date.now() + 5000).toUTCString())).toBeGreaterThan(3000);
    expect(retryAfter('soon')).toBeUndefined();
  });

  it('a hub that stays busy is told after six attempts', async () => {
    hub.faults.busy = 1000;
    await expect(pull()).rejects.toThrow(/can't be reached: the hub answered 429, 6 times/);
  });

  it('bytes with another hash are refused and not kept', async () => {
    hub.faults.garbled = true;
    await expect(pull()).rejects.toThrow(/config.json: what came has another hash than the hub lists/);
    expect(await readdir(join(repository(), 'blobs'))).toEqual([]);
    expect(cachedSnapshot(parseHubModel(name)!)).toBeUndefined();
  });

  it('more bytes than listed are refused', async () => {
    hub.faults.endless = true;
    await expect(pull()).rejects.toThrow(/sent more than the \d+ bytes/);
  });
});

describe('lies of a listing become no paths:', () => {
  it.each([
    [{ path: '../../../outside.json' }, /which is no path/],
    [{ path: '/etc/passwd' }, /which is no path/],
    [{ path: 'a\\..\\b.json' }, /which is no path/],
    [{ oid: '../../../../outside' }, /no hash/],
    [{ size: -1 }, /-1 bytes/],
    [{ size: 2 ** 50 }, /bytes/],
  ])('%o', async (listed, pattern) => {
    hub.files.set('config.json', { bytes: Buffer.from('{}'), listed });
    await expect(pull()).rejects.toThrow(pattern);
    expect(await lstat(repository()).catch(() => undefined)).toBeUndefined();
  });
});

describe('tokens and offline', () => {
  it('a token goes to the hub, and not to the host of large files', async () => {
    hub.token = 'hf_secret';
    await expect(pull()).rejects.toThrow(/needs a token/);
    process.env.HF_TOKEN = 'hf_secret';
    await pull();
    expect(hub.leaked).toEqual([]);
    process.env.HF_TOKEN = 'secret';
    await expect(pull()).rejects.toThrow(/must begin with hf_/);
  });

  it('HF_HUB_OFFLINE gives what is there and asks nobody', async () => {
    process.env.HF_HUB_OFFLINE = '1';
    await expect(pull()).rejects.toThrow(/not in the cache/);
    process.env.HF_HUB_OFFLINE = '0';
    const { folder } = await pull();
    process.env.HF_HUB_OFFLINE = '1';
    hub.log.length = 0;
    expect((await pull()).folder).toBe(folder);
    expect(hub.log).toEqual([]);
  });

  it.each([
    ['nothing', /takes a model of the hub/],
    ['../../etc', /takes a model of the hub/],
    ['org/other', /org\/other: is not there, or is private/],
    [`${name}@v9`, /is not there/],
  ])('refuses %s', async (text, pattern) => {
    await expect(pull(text)).rejects.toThrow(pattern);
  });
});
