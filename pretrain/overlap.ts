// Whether any drawing of the demo's and the card's pictures was in the pre-training set: counts, for each package, drawings with
// the same body or with a path in common (a long one; short ones are circles and boxes), and drawings of the same name.
//
//   npx tsx pretrain/overlap.ts

import { type IconSet, notoClasses, readNoto } from '../scripts/lib/noto.ts';
import { table } from '../src/cli/output.ts';
import { packages, readPackage } from './views.ts';

/** Characters of a path's data from which on two that are equal are the same piece of drawing. */
const longPath = 60;

const { set: noto, categories } = await readNoto();
const shown = new Set(Object.keys(notoClasses).flatMap((category) => categories[category] ?? []));
const plain = (body: string): string => body.replaceAll(/\s+|id="[^"]*"|url\([^)]*\)|href="#[^"]*"/g, '');
const pathsOf = (body: string): string[] =>
  [...body.matchAll(/ d="([^"]+)"/g)].map((match) => match[1]!).filter((path) => path.length >= longPath);

const drawings = Object.values(noto.icons);
const bodies = new Set(drawings.map(({ body }) => plain(body)));
const paths = new Set(drawings.flatMap(({ body }) => pathsOf(body)));

const rows = packages().map((name) => {
  const icons: IconSet['icons'] = readPackage(name).icons;
  const count = (test: (name: string, body: string) => boolean): string =>
    String(Object.entries(icons).filter(([icon, { body }]) => test(icon, body)).length);
  return [
    name,
    count(() => true),
    count((_, body) => bodies.has(plain(body))),
    count((_, body) => pathsOf(body).some((path) => paths.has(path))),
    count((icon) => shown.has(icon)),
  ];
});
console.log(table(['package', 'drawings', 'same drawing', 'a path in common', 'same name'], rows, [1, 2, 3, 4]));
