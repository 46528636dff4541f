// `npm run interop -- DIR`: every kind of folder in DIR, one line a case, then `N passed, M failed`.
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Case, skipped as noChecker, type Outcome } from './case.ts';
import { subfolders } from './checkers/folders.ts';
import { checkers } from './checkers/index.ts';

const given = process.argv[2];
if (!given) {
  console.error('interop: give a folder of fixtures: npm run interop -- DIR');
  process.exit(2);
}
const root = resolve(given);
let passed = 0;
let failed = 0;
let skipped = 0;

async function check(kind: string, { name, run }: Case): Promise<void> {
  const title = `${kind}/${name}`;
  let outcome: Outcome;
  try {
    outcome = await run();
  } catch (error) {
    failed++;
    console.log(`FAIL  ${title}: ${error instanceof Error ? error.message : String(error)}`);
    const { lines = [] } = error as { lines?: readonly string[] };
    for (const line of lines.slice(0, 12)) console.log(`      ${line}`);
    return;
  }
  if ('skip' in outcome) {
    skipped++;
    console.log(`skip  ${title}: ${outcome.skip}`);
    return;
  }
  const figures = outcome.map(
    ({ name: what, error, excess }) =>
      `${what} ${error.toExponential(1)}${excess <= 1 ? '' : ` (${excess.toPrecision(3)} x tolerance)`}`,
  );
  const good = outcome.length > 0 && outcome.every(({ excess }) => excess <= 1);
  console.log(`${good ? 'pass' : 'FAIL'}  ${title}: ${figures.join('  ') || 'nothing was compared'}`);
  if (good) passed++;
  else failed++;
}

/** DIR holds the kinds of folders; or it is one of them. */
async function kindFolders(): Promise<readonly (readonly [kind: string, folder: string])[]> {
  if (checkers[basename(root)]) return [[basename(root), root]];
  const entries = await readdir(root, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => [entry.name, join(root, entry.name)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const kinds = await kindFolders().catch((error: Error) => {
  console.error(`interop: ${root} can't be read: ${error.message}`);
  process.exit(2);
});
for (const [kind, folder] of kinds) {
  const cases =
    (await checkers[kind]?.(folder, dirname(folder))) ??
    (await subfolders(folder)).map((name) => noChecker(name, 'no checker for this kind of folder yet'));
  for (const item of cases) await check(kind, item);
}
if (skipped > 0) console.log(`${skipped} skipped`);
if (passed + failed === 0) {
  console.log('interop: no case was run');
  failed++;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
