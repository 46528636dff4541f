// Special functions behind the tests: log-gamma (Lanczos, g = 7, n = 9: Godfrey 2001), the regularised incomplete gamma
// function (series and Lentz's continued fraction: Press et al., Numerical Recipes, section 6.2), the normal distribution and
// the studentized range with infinite degrees of freedom.
// Own code, because packages that are accurate here bring dozens of others, and none has the studentized range typed.

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Gamma(x), x > 0; relative error about 1e-14. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x + 6.5;
  let sum = lanczos[0]!;
  for (let i = 1; i < lanczos.length; i++) sum += lanczos[i]! / (x - 1 + i);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Q(a, x) = Gamma(a, x) / Gamma(a), the upper tail; a > 0, x >= 0. */
export function gammaQ(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 10_000 && term > sum * 1e-17; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - front * sum;
  }
  const tiny = 1e-300; // keeps Lentz's quotients from dividing by zero
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 10_000; n++) {
    const an = -n * (n - a);
    b += 2;
    d = an * d + b;
    if (Math.abs(d) < tiny) d = tiny;
    c = b + an / c;
    if (Math.abs(c) < tiny) c = tiny;
    d = 1 / d;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return front * h;
}

/** P(X > x) for X chi-squared. */
export const chiSquaredTail = (x: number, degrees: number): number => gammaQ(degrees / 2, x / 2);

/** P(Z <= z) for Z standard normal. */
export function normalCdf(z: number): number {
  const tail = gammaQ(0.5, (z * z) / 2) / 2;
  return z > 0 ? 1 - tail : tail;
}

const normalDensity = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

// Density and distribution on the integration grid of the studentized range: [-8, 8] holds all but 1e-15 of the mass.
const step = 1 / 32;
const grid = Array.from({ length: 16 / step + 1 }, (_, i) => {
  const z = -8 + i * step;
  return { z, density: normalDensity(z), below: normalCdf(z) };
});

/** P(Q <= q) for the range Q of k independent standard normals: k * integral of phi(z) (Phi(z) - Phi(z - q))^(k-1). */
export function studentizedRangeCdf(q: number, k: number): number {
  if (q <= 0) return 0;
  // The trapezoid rule converges faster than any power of the step for a smooth integrand that vanishes at both ends.
  let sum = 0;
  for (const { z, density, below } of grid) sum += density * (below - normalCdf(z - q)) ** (k - 1);
  return k * sum * step;
}

/** The q with P(Q <= q) = p, by bisection. */
export function studentizedRangeQuantile(p: number, k: number): number {
  let low = 0;
  let high = 40;
  while (high - low > 1e-10) {
    const middle = (low + high) / 2;
    if (studentizedRangeCdf(middle, k) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
