// Linear and logarithmic scales with round ticks.

export interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
}

/** From [low, high] to [from, to] pixels, widened to round ticks; about `count` of them. */
export function linearScale(low: number, high: number, from: number, to: number, count = 6): Scale {
  const span = high - low || 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10);
  const [first, last] = [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
  const ticks: number[] = [];
  for (let i = 0; first + i * step <= last + step / 2; i++) ticks.push(Number((first + i * step).toPrecision(12)));
  const scale = (value: number): number => from + ((value - first) / (last - first || 1)) * (to - from);
  return Object.assign(scale, { ticks });
}

/**
 * As linearScale, on the logarithm; low and high above 0; ticks at powers of ten inside, and at multiples of them where those
 * are few, or at those of `round` that are inside. */
export function logScale(low: number, high: number, from: number, to: number, round?: readonly number[]): Scale {
  const [a, b] = [Math.log10(low), Math.log10(high)];
  const multiples = b - a < 0.7 ? [1, 1.5, 2, 3, 4, 5, 6, 8] : b - a < 2 ? [1, 2, 5] : [1];
  const powers = Array.from({ length: Math.floor(b) - Math.floor(a) + 1 }, (_, i) => 10 ** (Math.floor(a) + i));
  const all = round ?? powers.flatMap((power) => multiples.map((m) => m * power));
  const ticks = all.filter((t) => t >= low * (1 - 1e-9) && t <= high * (1 + 1e-9));
  const scale = (value: number): number => from + ((Math.log10(value) - a) / (b - a || 1)) * (to - from);
  return Object.assign(scale, { ticks });
}

/** Positions at least `gap` apart, as near to the wanted ones as sweeping down and up gets them, inside [low, high]. */
export function spread(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]!);
  const out = [...wanted];
  let edge = low;
  for (const i of order) {
    out[i] = Math.max(out[i]!, edge);
    edge = out[i]! + gap;
  }
  edge = high;
  for (const i of order.reverse()) {
    out[i] = Math.min(out[i]!, edge);
    edge = out[i]! - gap;
  }
  return out;
}
