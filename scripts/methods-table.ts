// npm run docs: writes docs/methods.md from the registry. A test fails where the file is stale.
import { writeFileSync } from 'node:fs';
import { methodsPage } from './lib/methods-page.ts';

writeFileSync(new URL('../docs/methods.md', import.meta.url), methodsPage());
