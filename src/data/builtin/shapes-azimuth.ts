// shapes/azimuth: from which side an object is seen, as VTAB's smallNORB/azimuth asks (LeCun et al. 2004): 18 directions
// around it, objects of five kinds, several heights of the camera and lamps, grey on grey.
import type { Rng } from '../../base/rng.ts';
import { drawnSet } from './builtin-set.ts';
import { box, type Coloured, moved, prism, renderSolids, type Solid, type Vector } from './solids.ts';
import { inBin } from './sprites.ts';
import { between, type Colour, css, drawing, pick, side } from './svg.ts';

const bins = 18;

/** A box by its sizes and the place of its bottom's centre. */
const block = (size: Vector, to: Vector): Solid => moved(box(...size), { to });

/** Parts of one object, its front towards +z, about 2 units long, standing on y = 0; proportions are drawn from `rng`. */
type Kind = (rng: Rng) => readonly Solid[];

const wheels = (x: number, front: number, back: number): Solid[] =>
  [-x, x].flatMap((wx) => [front, back].map((z) => block([0.14, 0.3, 0.34], [wx, 0, z])));

const car: Kind = (rng) => {
  const cabin = between(rng, 0.7, 1);
  return [
    ...wheels(0.44, 0.6, -0.6),
    block([0.86, 0.32, between(rng, 1.8, 2.1)], [0, 0.16, 0]),
    moved(prism(4, 0.75), { stretch: [0.55, between(rng, 0.3, 0.4), cabin * 0.65], to: [0, 0.48, -0.25] }),
  ];
};

const lorry: Kind = (rng) => {
  const height = between(rng, 0.6, 0.9);
  return [
    ...wheels(0.44, 0.7, -0.65),
    block([0.84, 0.2, 2], [0, 0.15, 0]),
    block([0.8, between(rng, 0.45, 0.6), 0.45], [0, 0.35, 0.75]),
    block([0.9, height, 1.3], [0, 0.35, -0.35]),
  ];
};

const aeroplane: Kind = (rng) => [
  block([0.3, 0.3, 2], [0, 0.3, 0]),
  block([between(rng, 1.9, 2.3), 0.08, 0.5], [0, 0.42, 0.15]),
  block([0.8, 0.06, 0.28], [0, 0.5, -0.85]),
  block([0.07, between(rng, 0.4, 0.55), 0.35], [0, 0.6, -0.82]),
];

const animal: Kind = (rng) => {
  const leg = between(rng, 0.4, 0.7);
  const head = between(rng, 0.3, 0.45);
  return [
    ...[-0.22, 0.22].flatMap((x) => [0.5, -0.5].map((z) => block([0.16, leg, 0.16], [x, 0, z]))),
    block([0.6, between(rng, 0.42, 0.55), 1.3], [0, leg, 0]),
    block([0.26, 0.5, 0.26], [0, leg + 0.35, 0.7]),
    block([0.32, 0.3, head + 0.2], [0, leg + 0.8, 0.85]),
  ];
};

const figure: Kind = (rng) => {
  const leg = between(rng, 0.7, 0.95);
  return [
    ...[-0.16, 0.16].map((x) => block([0.22, leg, 0.24], [x, 0, 0])),
    ...[-0.16, 0.16].map((x) => block([0.2, 0.12, 0.26], [x, 0, 0.22])),
    block([0.62, 0.7, 0.32], [0, leg, 0]),
    ...[-0.42, 0.42].map((x) => block([0.16, 0.16, between(rng, 0.6, 0.8)], [x, leg + 0.45, 0.3])),
    block([0.32, 0.36, 0.36], [0, leg + 0.72, 0.03]),
  ];
};

const kinds = [car, lorry, aeroplane, animal, figure] as const;

export const shapesAzimuth = drawnSet({
  name: 'shapes/azimuth',
  group: 'Structured',
  version: 1,
  summary: 'side from which an object is seen, 18 steps of 20 degrees (as smallNORB)',
  definition:
    'One object (car, lorry, aeroplane, animal or figure, of varying proportions) on a plain ground. The label is the eighteenth of the full circle that holds the direction of its front. Kind, proportions, height and distance of the camera, lamp and greys vary.',
  classes: Array.from({ length: bins }, (_, k) => `azimuth-${String(20 * k).padStart(3, '0')}`),
  draw(label, rng) {
    const turn = (inBin(rng, label, bins, 0, 360) * Math.PI) / 180;
    const parts = pick(rng, kinds)(rng);
    const tint = { hue: between(rng, 0, 360), saturation: between(rng, 0, 25) };
    const lightness = between(rng, 45, 75);
    const coloured: Coloured[] = parts.map((solid) => {
      const colour: Colour = { ...tint, lightness: lightness + between(rng, -9, 9) };
      return { solid: moved(solid, { turn }), colour };
    });
    const elevation = (between(rng, 25, 60) * Math.PI) / 180;
    const distance = between(rng, 4.8, 6.4);
    const target: Vector = [between(rng, -0.2, 0.2), between(rng, 0.55, 0.85), 0];
    const eye: Vector = [0, 0.5 + distance * Math.sin(elevation), -distance * Math.cos(elevation)];
    const lamp = {
      from: [between(rng, -1.2, 1.2), 1, between(rng, -1.2, 0.4)] as Vector,
      ambient: between(rng, 0.3, 0.5),
    };
    const ground = css({ ...tint, lightness: rng.uniform() < 0.5 ? between(rng, 80, 95) : between(rng, 8, 22) });
    const body = renderSolids(coloured, { eye, target, focal: 1.3 }, lamp);
    return drawing(`<rect width="${side}" height="${side}" fill="${ground}"/>${body}`);
  },
});
