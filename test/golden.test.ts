// The committed golden cases (test/fixtures/golden) through the engine.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCase } from './golden/case.ts';
import { checkCase } from './golden/check.ts';

const root = fileURLToPath(new URL('fixtures/golden', import.meta.url));

describe.each(['study', 'paper'])('%s', (variant) => {
  it.each(readdirSync(join(root, variant)))('%s', async (name) => {
    const outcome = await checkCase(await readCase(join(root, variant, name)));
    expect(outcome).toMatchObject({ passed: true });
  });
});
