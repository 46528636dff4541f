// Groups of pictures that look the same: candidates share a band of bits of their hash, and are confirmed by the distance of
// whole hashes and of thumbnails.
import type { Look } from './perceptual-hash.ts';

/** Bits of 64 that a copy (recompressed, resized, a little brighter) may differ in; other pictures differ in about 32. */
const maxBits = 7;
/** Root mean square of thumbnails' differences, 0 to 255: recompressing moves it by 1 or 2, another picture by tens. */
const maxDifference = 4;
/** Above this number wider bands keep the comparisons few; they find all pairs of up to 3 bits, and most of up to 7. */
const many = 100_000;

function bitCount(x: number): number {
  let v = x - ((x >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function sameLook(a: Look, b: Look): boolean {
  if (bitCount(a.hash[0] ^ b.hash[0]) + bitCount(a.hash[1] ^ b.hash[1]) > maxBits) return false;
  let sum = 0;
  for (let i = 0; i < a.thumbnail.length; i++) sum += (a.thumbnail[i]! - b.thumbnail[i]!) ** 2;
  return sum <= maxDifference ** 2 * a.thumbnail.length;
}

/** Sets that grow together. */
export function unions(count: number) {
  const parent = Int32Array.from({ length: count }, (_, i) => i);
  const find = (i: number): number => {
    let root = i;
    while (parent[root] !== root) root = parent[root]!;
    for (let at = i; at !== root; ) [at, parent[at]] = [parent[at]!, root]; // shorter ways next time
    return root;
  };
  return {
    find,
    join(a: number, b: number): void {
      parent[find(b)] = find(a);
    },
    /** Members of the sets with at least two, in order. */
    groups(): number[][] {
      const byRoot = new Map<number, number[]>();
      for (let i = 0; i < count; i++) {
        const root = find(i);
        const held = byRoot.get(root);
        if (held) held.push(i);
        else byRoot.set(root, [i]);
      }
      return [...byRoot.values()].filter((group) => group.length > 1);
    },
  };
}

/** Indices of looks that are near each other, in groups. */
export function nearGroups(looks: readonly Look[]): number[][] {
  const width = looks.length > many ? 16 : 8; // bits a band
  const sets = unions(looks.length);
  for (let band = 0; band < 64 / width; band++) {
    const buckets = new Map<number, number[]>();
    looks.forEach(({ hash }, i) => {
      const word = hash[(band * width) >> 5]!;
      const key = (word >>> ((band * width) % 32)) & (2 ** width - 1);
      const bucket = buckets.get(key);
      if (bucket) bucket.push(i);
      else buckets.set(key, [i]);
    });
    for (const bucket of buckets.values())
      for (let a = 0; a < bucket.length; a++)
        for (let b = a + 1; b < bucket.length; b++) {
          const [i, j] = [bucket[a]!, bucket[b]!];
          if (sets.find(i) !== sets.find(j) && sameLook(looks[i]!, looks[j]!)) sets.join(i, j);
        }
  }
  return sets.groups();
}
