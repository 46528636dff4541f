// The bench's arithmetic, and its profiles by operator of a real session.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { alternate } from '../bench/lib/alternate.ts';
import { replaceSection } from '../bench/lib/markdown.ts';
import { readProfile } from '../bench/lib/profile.ts';
import { type Result, withMean } from '../bench/lib/results.ts';
import { atLeast, atMost, compare } from '../bench/lib/row.ts';
import { float32 } from '../src/base/tensor.ts';
import { exportGraph } from '../src/graph/export.ts';
import { Graph } from '../src/graph/graph.ts';
import { exp, mul } from '../src/graph/ops/elementwise.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-bench-test-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('rounds', () => {
  it('measure everyone once, in turns', async () => {
    const order: string[] = [];
    const measure = (name: string) => async () => order.push(name);
    const results = await alternate({ a: measure('a'), b: measure('b') }, 3);
    expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
    expect(results).toEqual({ a: [1, 4, 5], b: [2, 3, 6] });
  });
});

describe('a line', () => {
  const rates = { work: 'w', unit: 'images/s', ours: [10, 12, 30], theirs: [10, 10, 20], against: 'torch' } as const;

  it('has the median ratio of rounds, and its range', () => {
    const line = compare({ ...rates, goal: atLeast(1.2) });
    expect(line).toMatchObject({ ours: 12, theirs: 10, ratio: { median: 1.2, low: 1, high: 1.5 }, holds: true });
    expect(compare({ ...rates, goal: atLeast(1.21) }).holds).toBe(false);
  });

  it('without the other side is judged only where the goal is for ours alone', () => {
    const alone = { ...rates, theirs: undefined };
    expect(compare({ ...alone, goal: atLeast(1) })).not.toHaveProperty('holds');
    expect(compare({ ...alone, goal: atMost(11, 'ours') }).holds).toBe(false);
  });

  it('of the mean follows the steps, if all are there', () => {
    const step = (name: string, ours: number): Result => ({
      ...compare({ ...rates, ours: [ours], theirs: [1] }),
      ...{ row: `step-${name}`, clock: 'wall', threads: 1, rounds: 1, load: 0, measured: '' },
    });
    const all = [step('a', 1), step('b', 4), { ...step('c', 1), row: 'start' }];
    expect(withMean(all, 3)).toEqual(all);
    expect(withMean(all, 2).map(({ row, ratio }) => [row, ratio!.median])).toEqual([
      ['step-a', 1],
      ['step-b', 4],
      ['geometric-mean', 2],
      ['start', 1],
    ]);
  });
});

it('a section of a file is replaced, and what has no place is an error', async () => {
  const path = join(root, 'page.md');
  await writeFile(path, 'a\n<!-- t -->\nold\n<!-- /t -->\nb\n');
  await replaceSection(path, 't', 'new');
  expect(await readFile(path, 'utf8')).toBe('a\n<!-- t -->\nnew\n<!-- /t -->\nb\n');
  await expect(replaceSection(path, 'other', 'x')).rejects.toThrow('has no lines <!-- other -->');
});

it('VITUNE_PROFILE writes a profile of each session, and operators are counted after the first run', async () => {
  vi.stubEnv('VITUNE_PROFILE', root);
  vi.resetModules();
  const { nodeRuntime } = await import('../src/runtime/node.ts');
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2]);
  graph.output('y', mul(exp(x), exp(mul(x, x))));
  const session = await nodeRuntime({ threads: 1 }).prepare(exportGraph(graph));
  for (let i = 0; i < 3; i++) await session.run({ x: float32([2], [1, 2]) });
  await session.dispose();
  vi.unstubAllEnvs();
  const { runs, operators } = await readProfile(root);
  expect(runs).toBe(2);
  expect(new Map(operators.map(({ operator, calls }) => [operator, calls]))).toEqual(
    new Map([
      ['Exp', 2],
      ['Mul', 2],
    ]),
  );
});
