// npm run schemas: writes the JSON schemas that editors use, from the schemas that the code checks with.
import { mkdir, writeFile } from 'node:fs/promises';
import { planJsonSchema } from '../src/study/plan.ts';

const folder = new URL('../schemas/', import.meta.url);
await mkdir(folder, { recursive: true });
await writeFile(new URL('study.schema.json', folder), `${JSON.stringify(planJsonSchema(), null, 2)}\n`);
