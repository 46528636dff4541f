// Balls, cubes and cylinders on a plain floor under one lamp, in the manner of CLEVR (Johnson et al. 2017): two sizes, eight
// colours, shadows, a camera that shakes a little; nothing hides more than a part of anything else.
import type { Rng } from '../../base/rng.ts';
import { type Camera, type Lamp, moved, prism, renderBall, renderSolids, type Vector, viewOf } from './solids.ts';
import { between, type Colour, css, drawing, fixed, pathOf, pick, side } from './svg.ts';

/** Half of a thing's width, floor units. */
const radii = [0.42, 0.75] as const;
const colours: readonly Colour[] = [0, 28, 52, 120, 180, 222, 285].map((hue) => ({
  hue,
  saturation: 65,
  lightness: 52,
}));
const grey: Colour = { hue: 0, saturation: 0, lightness: 48 };
const shapes = ['ball', 'cube', 'cylinder'] as const;

export interface Thing {
  readonly x: number;
  readonly z: number;
  readonly radius: number;
}

/** The floor that is in view, floor units. */
export const floor = { near: -3.4, far: 6.5 };
const halfWidth = (z: number) => 2.6 + 0.32 * (z - floor.near);

export interface Stage {
  readonly camera: Camera;
  readonly lamp: Lamp;
}

export function stageFor(rng: Rng): Stage {
  const eye: Vector = [between(rng, -0.3, 0.3), between(rng, 4.6, 5), -8];
  return {
    camera: { eye, target: [between(rng, -0.2, 0.2), 0.2, between(rng, 0.1, 0.5)], focal: 1.05 },
    lamp: { from: [between(rng, -1, 1), between(rng, 1, 1.6), -1], ambient: between(rng, 0.35, 0.5) },
  };
}

const middleOf = ({ x, z, radius }: Thing): Vector => [x, radius, z];

/** Distance from the camera to the middle of a thing, floor units. */
export function distanceTo({ camera }: Stage, thing: Thing): number {
  const [x, y, z] = middleOf(thing);
  return Math.hypot(x - camera.eye[0], y - camera.eye[1], z - camera.eye[2]);
}

/** Whether two things stand apart on the floor and, in the picture, hide at most a part of each other. */
function apart({ camera }: Stage, a: Thing, b: Thing): boolean {
  if (Math.hypot(a.x - b.x, a.z - b.z) < 1.25 * (a.radius + b.radius)) return false;
  const view = viewOf(camera);
  const [p, q] = [view.project(middleOf(a)), view.project(middleOf(b))];
  const seen = (thing: Thing) => (side * camera.focal * thing.radius) / view.depth(middleOf(thing));
  return Math.hypot(p.x - q.x, p.y - q.y) > 0.75 * (seen(a) + seen(b));
}

/** A thing at a free place where `fits` holds, smaller if there is no room; undefined where the floor is full. */
export function place(
  rng: Rng,
  stage: Stage,
  things: readonly Thing[],
  fits: (thing: Thing) => boolean,
): Thing | undefined {
  for (let attempt = 0; attempt < 4000; attempt++) {
    const z = between(rng, floor.near, floor.far);
    const radius = attempt < 2000 ? pick(rng, radii) : radii[0];
    const thing = { x: between(rng, -1, 1) * halfWidth(z), z, radius };
    if (fits(thing) && things.every((other) => apart(stage, thing, other))) return thing;
  }
  return undefined;
}

function shadow({ camera, lamp }: Stage, { x, z, radius }: Thing): string {
  const { project } = viewOf(camera);
  const slide = radius / lamp.from[1];
  const rim = Array.from({ length: 20 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 20;
    const reach = radius * 1.05;
    return project([x - slide * lamp.from[0] + reach * Math.cos(angle), 0, z + slide + 1.2 * reach * Math.sin(angle)]);
  });
  return `<path d="${pathOf(rim)}" fill="#000" fill-opacity=".28"/>`;
}

/** The whole scene; colours, shapes and turns of the things are drawn from `rng`. */
export function tabletopDrawing(rng: Rng, stage: Stage, things: readonly Thing[]): string {
  const { camera, lamp } = stage;
  const view = viewOf(camera);
  const base = between(rng, 52, 72);
  const tint = { hue: between(rng, 0, 360), saturation: between(rng, 0, 12) };
  const stop = (at: number, lightness: number) => `<stop offset="${at}" stop-color="${css({ ...tint, lightness })}"/>`;
  const definitions = [
    `<linearGradient id="f" x2="0" y2="1">${stop(0, base - 14)}${stop(0.3, base)}${stop(1, base + 12)}</linearGradient>`,
  ];
  const far = [...things].sort((a, b) => view.depth(middleOf(b)) - view.depth(middleOf(a)));
  const bodies = far.map((thing, i) => {
    const colour = pick(rng, [...colours, grey]);
    const shape = pick(rng, shapes);
    const turn = between(rng, 0, Math.PI);
    if (shape === 'ball') {
      const [definition, body] = renderBall(`b${i}`, middleOf(thing), thing.radius, colour, camera, lamp);
      definitions.push(definition);
      return body;
    }
    const { x, z, radius } = thing;
    const wide = shape === 'cube' ? radius * 1.2 : radius;
    const solid = moved(prism(shape === 'cube' ? 4 : 20), {
      stretch: [wide, 1.75 * radius, wide],
      turn,
      to: [x, 0, z],
    });
    return renderSolids([{ solid, colour }], camera, lamp);
  });
  const shadows = things.map((thing) => shadow(stage, thing)).join('');
  return drawing(
    `<rect width="${fixed(side)}" height="${fixed(side)}" fill="url(#f)"/>${shadows}${bodies.join('')}`,
    definitions.join(''),
  );
}
