import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probe } from './probe.ts';

let cacheFolder: string;
beforeEach(async () => {
  cacheFolder = await mkdtemp(join(tmpdir(), 'vitune-probe-'));
});
afterEach(() => rm(cacheFolder, { recursive: true, force: true }));

/** Seconds a picture of each timing of a size, the last one for all that follow; the sizes asked for, in order. */
async function choose(seconds: Record<number, number[]>, args: { microBatch?: number } = {}) {
  const asked: number[] = [];
  const { microBatch } = await probe({
    widest: 2 ** 19, // the rule: 4 pictures
    batchSize: 16,
    microBatch: 0,
    signature: 'test',
    cacheFolder,
    async time(size) {
      const all = seconds[size]!;
      const at = asked.filter((m) => m === size).length;
      asked.push(size);
      return all[Math.min(at, all.length - 1)]! * size;
    },
    ...args,
  });
  return { microBatch, asked };
}

describe('the probe', () => {
  it("keeps the rule's size where nothing is clearly faster", async () => {
    expect(await choose({ 4: [1], 2: [0.9], 8: [1.1] })).toEqual({ microBatch: 4, asked: [4, 2, 8] });
  });

  it('takes a size that is faster twice', async () => {
    expect((await choose({ 4: [1], 2: [1.1], 8: [0.7] })).microBatch).toBe(8);
  });

  it("isn't led astray by one slow step of the rule's size", async () => {
    expect(await choose({ 4: [3, 1], 2: [1.1], 8: [1] })).toEqual({ microBatch: 4, asked: [4, 2, 8, 4, 8] });
  });

  it('times nothing the second time', async () => {
    await choose({ 4: [1], 2: [0.5], 8: [1] });
    expect(await choose({})).toEqual({ microBatch: 2, asked: [] });
  });

  it('takes a size that was asked for, at most the batch', async () => {
    expect(await choose({ 16: [1] }, { microBatch: 64 })).toEqual({ microBatch: 16, asked: [16] });
  });
});
