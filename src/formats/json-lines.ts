// JSON lines: one JSON value a line. A last line that was torn by a kill is left out.

/** The values of all whole lines. Throws SyntaxError for a bad line before the last. */
export function parseJsonLines(text: string): unknown[] {
  const lines = text.split('\n');
  const torn = lines.pop() ?? ''; // a whole file ends with a newline, so this is '' or torn
  const values = lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as unknown);
  try {
    if (torn.trim() !== '') values.push(JSON.parse(torn));
  } catch {
    // torn
  }
  return values;
}
