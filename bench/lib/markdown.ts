// Tables in Markdown, and their places in a file: between two comments.
import { readFile, writeFile } from 'node:fs/promises';

export const markdownTable = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** Puts text between `<!-- name -->` and `<!-- /name -->` of a file. */
export async function replaceSection(path: string, name: string, text: string): Promise<void> {
  const whole = await readFile(path, 'utf8');
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [whole.indexOf(open), whole.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`${path}: has no lines ${open} and ${close} for the table`);
  await writeFile(path, `${whole.slice(0, from + open.length)}\n${text}\n${whole.slice(to)}`);
}
