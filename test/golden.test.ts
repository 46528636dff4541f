// The committed golden cases (test/fixtures/golden) through the engine.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readCase } from './golden/case.ts';
import { checkCase } from './golden/check.ts';

const root = fileURLToPath(new URL('fixtures/golden/study', import.meta.url));

it.each(readdirSync(root))('%s', async (name) => {
  const outcome = await checkCase(await readCase(join(root, name)));
  expect(outcome).toMatchObject({ passed: true });
});
