// "Did you mean ...?": the nearest known name.

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The known name nearest to `name` by edit distance, if any is near enough to be a slip. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const scored = known.map((k) => ({ k, d: distance(name.toLowerCase(), k.toLowerCase()) }));
  scored.sort((x, y) => x.d - y.d);
  const best = scored[0];
  return best && best.d <= Math.max(2, Math.floor(name.length / 3)) ? best.k : undefined;
}

/** `"lorra" is not a known method; did you mean "lora"? (known: linear, lora)` */
export function unknownName(kind: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const guess = near === undefined ? '' : `; did you mean "${near}"?`;
  const choice = known.length > 0 ? `known: ${known.join(', ')}` : 'there are none';
  return `"${name}" is not a known ${kind}${guess} (${choice})`;
}
