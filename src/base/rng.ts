// Named random streams from one seed. A stream depends on its names only, never on what was drawn elsewhere, so a resumed
// run draws what the uninterrupted one would have. Generator: xoshiro128** (Blackman & Vigna 2018), seeded by an FNV-1a /
// murmur3-finaliser hash of the names.

export interface Rng {
  /** Uniform integer in [0, 2^32). */
  uint32(): number;
  /** Uniform in [0, 1), 24 bits: exact in float32. */
  uniform(): number;
  /** Uniform integer in [0, n). */
  below(n: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
}

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The stream called `names` of `seed`, e.g. `stream(0, 'shuffle', epoch)`. */
export function stream(seed: number, ...names: readonly (string | number)[]): Rng {
  const key = JSON.stringify([seed, ...names]);
  const state = new Uint32Array(4);
  for (let lane = 0; lane < 4; lane++) {
    let h = (0x811c9dc5 ^ Math.imul(lane + 1, 0x9e3779b1)) >>> 0;
    for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193) >>> 0;
    state[lane] = mix(h);
  }
  if (state.every((word) => word === 0)) state[0] = 1; // xoshiro's only forbidden state
  const rotl = (x: number, k: number) => (x << k) | (x >>> (32 - k));

  const uint32 = (): number => {
    let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
    const result = Math.imul(rotl(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl(d, 11);
    state[0] = a;
    state[1] = b;
    state[2] = c;
    state[3] = d;
    return result;
  };
  const uniform = (): number => (uint32() >>> 8) / 16777216;
  return {
    uint32,
    uniform,
    // Rejection keeps every value equally likely.
    below(n) {
      const limit = Math.floor(4294967296 / n) * n;
      let x = uint32();
      while (x >= limit) x = uint32();
      return x % n;
    },
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
  };
}

/** A shuffled copy (Fisher-Yates). */
export function shuffled<T>(items: readonly T[], rng: Rng): T[] {
  const out = items.slice();
  for (let i = out.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    const held = out[i]!;
    out[i] = out[j]!;
    out[j] = held;
  }
  return out;
}
