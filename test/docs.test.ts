// Pages that are made from records are as the records say.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { methodsPage } from '../scripts/lib/methods-page.ts';

it('docs/methods.md is what npm run docs makes', () => {
  expect(readFileSync(new URL('../docs/methods.md', import.meta.url), 'utf8')).toBe(methodsPage());
});
