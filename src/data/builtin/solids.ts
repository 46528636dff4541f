// Convex solids in space, seen by a pinhole camera and shaded by one lamp: flat faces, drawn from far to near (painter's
// order). Axes: x right, y up, z away from the camera's foot.
import { type Colour, css, fixed, type Point, pathOf, side } from './svg.ts';

export type Vector = readonly [x: number, y: number, z: number];

/** A convex solid: faces of corner indices, counter-clockwise from outside. */
export interface Solid {
  readonly corners: readonly Vector[];
  readonly faces: readonly (readonly number[])[];
}

export interface Coloured {
  readonly solid: Solid;
  readonly colour: Colour;
}

const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const unit = (a: Vector): Vector => {
  const length = Math.sqrt(dot(a, a));
  return [a[0] / length, a[1] / length, a[2] / length];
};

/** A prism or, with `top` below 1, a frustum over a regular polygon of radius 1, from y = 0 to y = 1. */
export function prism(sides: number, top = 1): Solid {
  const ring = (y: number, r: number): Vector[] =>
    Array.from({ length: sides }, (_, i) => {
      const angle = (2 * Math.PI * (i + 0.5)) / sides;
      return [r * Math.cos(angle), y, r * Math.sin(angle)];
    });
  const walls = Array.from({ length: sides }, (_, i) => {
    const next = (i + 1) % sides;
    return [i, i + sides, next + sides, next];
  });
  const bottom = Array.from({ length: sides }, (_, i) => i);
  return {
    corners: [...ring(0, 1), ...ring(1, top)],
    faces: [...walls, bottom, bottom.map((i) => 2 * sides - 1 - i)],
  };
}

/** The box of these sizes whose bottom's centre is at (0, 0, 0). */
export const box = (width: number, height: number, depth: number): Solid =>
  moved(prism(4), { stretch: [width / Math.SQRT2, height, depth / Math.SQRT2] });

export interface Move {
  readonly stretch?: Vector;
  /** Radians about the y axis, applied after the stretch. */
  readonly turn?: number;
  readonly to?: Vector;
}

export function moved({ corners, faces }: Solid, { stretch = [1, 1, 1], turn = 0, to = [0, 0, 0] }: Move): Solid {
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  const place = ([x, y, z]: Vector): Vector => {
    const [sx, sy, sz] = [x * stretch[0], y * stretch[1], z * stretch[2]];
    return [c * sx + s * sz + to[0], sy + to[1], c * sz - s * sx + to[2]];
  };
  return { corners: corners.map(place), faces };
}

export interface Camera {
  readonly eye: Vector;
  readonly target: Vector;
  /** Picture sides per unit of x / z: 1 sees 53 degrees. */
  readonly focal: number;
}

export interface View {
  /** Where a point of space lies in the drawing. */
  project(point: Vector): Point;
  /** Distance from the camera along its axis. */
  depth(point: Vector): number;
}

export function viewOf({ eye, target, focal }: Camera): View {
  const forward = unit(minus(target, eye));
  const right = unit(cross([0, 1, 0], forward));
  const up = cross(forward, right);
  return {
    depth: (point) => dot(minus(point, eye), forward),
    project(point) {
      const ray = minus(point, eye);
      const scale = (side * focal) / dot(ray, forward);
      return { x: side / 2 + dot(ray, right) * scale, y: side / 2 - dot(ray, up) * scale };
    },
  };
}

export interface Lamp {
  /** Direction that the light comes from. */
  readonly from: Vector;
  /** Lightness of a face turned away, as a share of the colour's. */
  readonly ambient: number;
}

/** The faces that look at the camera, shaded and sorted; `solids` may touch but should not cut each other. */
export function renderSolids(solids: readonly Coloured[], camera: Camera, lamp: Lamp): string {
  const view = viewOf(camera);
  const light = unit(lamp.from);
  const faces = solids.flatMap(({ solid, colour }) =>
    solid.faces.flatMap((face) => {
      const points = face.map((corner) => solid.corners[corner]!);
      const middle = points.reduce<Vector>((sum, p) => [sum[0] + p[0], sum[1] + p[1], sum[2] + p[2]], [0, 0, 0]);
      const centre: Vector = [middle[0] / points.length, middle[1] / points.length, middle[2] / points.length];
      const normal = unit(cross(minus(points[1]!, points[0]!), minus(points[2]!, points[0]!)));
      if (dot(normal, minus(centre, camera.eye)) >= 0) return []; // looks away
      const shade = lamp.ambient + (1 - lamp.ambient) * Math.max(0, dot(normal, light));
      const ray = minus(centre, camera.eye);
      return [{ far: dot(ray, ray), fill: css({ ...colour, lightness: colour.lightness * shade }), points }];
    }),
  );
  return faces
    .sort((a, b) => b.far - a.far)
    .map(({ fill, points }) => {
      // A stroke in the fill's colour closes the hairlines that antialiasing leaves between neighbours.
      return `<path d="${pathOf(points.map(view.project))}" fill="${fill}" stroke="${fill}" stroke-width=".4" stroke-linejoin="round"/>`;
    })
    .join('');
}

/** A ball as a disc with a highlight; `id` must be its own within the drawing. Returns [definition, body]. */
export function renderBall(
  id: string,
  centre: Vector,
  radius: number,
  colour: Colour,
  camera: Camera,
  lamp: Lamp,
): readonly [string, string] {
  const view = viewOf(camera);
  const { x, y } = view.project(centre);
  const r = (side * camera.focal * radius) / view.depth(centre);
  const light = unit(lamp.from);
  const stop = (at: number, share: number) =>
    `<stop offset="${at}" stop-color="${css({ ...colour, lightness: Math.min(95, colour.lightness * share) })}"/>`;
  const definition = `<radialGradient id="${id}" cx="${fixed(0.5 + 0.3 * light[0])}" cy="${fixed(0.5 - 0.3 * light[1])}" r=".75">${stop(0, 1.15)}${stop(0.5, 0.85)}${stop(1, lamp.ambient)}</radialGradient>`;
  return [definition, `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="${fixed(r)}" fill="url(#${id})"/>`];
}
