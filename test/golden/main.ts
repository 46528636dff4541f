// `npm run golden -- DIR`: every case folder below DIR through the engine, one line a case, then `N passed, M failed`.
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readCase } from './case.ts';
import { checkCase } from './check.ts';

async function caseFolders(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true });
  return entries
    .filter((entry) => entry.endsWith('case.json'))
    .map((entry) => join(root, dirname(entry)))
    .sort();
}

const root = process.argv[2];
if (!root) {
  console.error('golden: give a folder of cases: npm run golden -- DIR');
  process.exit(2);
}
let passed = 0;
let failed = 0;
let skipped = 0;
const folders = await caseFolders(root).catch((error: Error) => {
  console.error(`golden: ${root} can't be read: ${error.message}`);
  process.exit(2);
});
for (const folder of folders) {
  const golden = await readCase(folder);
  try {
    const outcome = await checkCase(golden);
    if ('skip' in outcome) {
      skipped++;
      console.log(`skip  ${golden.name}: ${outcome.skip}`);
      continue;
    }
    const figures = Object.entries(outcome.worst).map(
      ([name, { error, tolerance }]) =>
        `${name} ${error.toExponential(1)}${error <= tolerance ? '' : ` > ${tolerance}`}`,
    );
    console.log(`${outcome.passed ? 'pass' : 'FAIL'}  ${golden.name}: ${figures.join('  ')}`);
    if (outcome.passed) passed++;
    else failed++;
  } catch (error) {
    failed++;
    console.log(`FAIL  ${golden.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
if (skipped > 0) console.log(`${skipped} skipped`);
if (passed + failed === 0) {
  console.log('golden: no case was run');
  failed++;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
