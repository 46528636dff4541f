// npx tsx scripts/data-sheets.ts: draws the sheets of docs/data-sets.md: the first test pictures of every built-in set, and one
// picture under every corruption.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtinSets } from '../src/data/builtin/index.ts';
import { contactSheet } from '../src/data/contact-sheet.ts';
import { corruptedPicture } from '../src/data/corruptions/corrupted.ts';
import { corruptions, severities } from '../src/data/corruptions/index.ts';
import { openListing } from '../src/data/sources/index.ts';

const folder = fileURLToPath(new URL('../docs/images', import.meta.url));
const sheet = { columns: 12, side: 64 };

await mkdir(folder, { recursive: true });
for (const { name, shifts } of builtinSets) {
  const { parts, name: file } = await openListing(name);
  // Every style of a set with shifted ones in a row of its own; else two rows of test pictures.
  const rows = shifts.length > 0 ? ['test', ...shifts].map((part) => spread(part, 1)) : [spread('test', 2)];
  await writeFile(join(folder, `${file}.png`), await contactSheet(rows.flat(), sheet));

  function spread(part: string, rowCount: number) {
    const pictures = parts.get(part)!;
    const count = rowCount * sheet.columns;
    // Drawn sets take turns in their classes; lists of files are sorted by class.
    const stride = shifts.length > 0 ? Math.floor(pictures.length / count) : 1;
    return Array.from({ length: count }, (_, i) => pictures[i * stride]!);
  }
}

const [scene] = (await openListing('shapes/count')).parts.get('test')!.slice(13);
const changed = corruptions.flatMap((corruption) =>
  severities.map((severity) => corruptedPicture(scene!, corruption, severity)),
);
await writeFile(join(folder, 'corruptions.png'), await contactSheet(changed, { columns: 15, side: 64 }));
