// vitune published as a stranger uses it.
import { describe, expect, it } from 'vitest';
import { vitune } from '../support/cli.ts';

describe('vitune published', () => {
  it('prints tables, and JSON with the same numbers', async () => {
    const [text, json] = await Promise.all([vitune('published', 'vtab'), vitune('published', 'vtab', '--json')]);
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/ConvPass +74\.23 +81\.56 +85\.15 +62\.35/);
    expect(text.stdout).toContain('https://arxiv.org/abs/2409.16434');
    const { source, means, ranks } = JSON.parse(json.stdout) as {
      source: Record<string, string>;
      means: { method: string; mean: number }[];
      ranks: unknown[];
    };
    expect(source.paper).toBe('https://arxiv.org/abs/2409.16434');
    expect(means[0]!.method).toBe('ConvPass');
    expect(means[0]!.mean).toBeCloseTo(0.7423, 4);
    expect(ranks.length).toBe(16);
  });

  it('prints one table as CSV', async () => {
    const { stdout } = await vitune('published', 'wise', '--csv', 'curves');
    const lines = stdout.trim().split('\r\n');
    expect(lines[0]).toMatch(/^method,alpha,inDistribution,shifted,/);
    expect(lines.length).toBe(1 + 9 * 11);
  });

  it('refuses what it does not have, in one line', async () => {
    const [topic, csv, both] = await Promise.all([
      vitune('published', 'vtap'),
      vitune('published', 'wise', '--csv', 'curve'),
      vitune('published', 'wise', '--csv', 'curves', '--json'),
    ]);
    expect([topic.code, csv.code, both.code]).toEqual([2, 2, 2]);
    expect(topic.stderr).toMatch(/^vitune: .*vtab, many-shot, robustness, wise.*\n$/);
    expect(csv.stderr).toBe('vitune: --csv curve: no such table; wise has choice, curves\n');
    expect(both.stderr).toMatch(/^vitune: .*cannot be used with.*\n$/);
  });
});
