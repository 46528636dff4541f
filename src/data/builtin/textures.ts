// textures: surfaces without objects. VTAB's Specialized group holds pictures from instruments (satellites, microscopes)
// that are told apart by what fills them, not by a thing in the middle; drawn textures ask for the same.
import type { Rng } from '../../base/rng.ts';
import { drawnSet } from './builtin-set.ts';
import { between, type Colour, css, drawing, fixed, pathOf, pick, randomColour, side } from './svg.ts';

/** Half the frame's diagonal and a little more, so that a turned texture still fills it. */
const reach = 0.75 * side;

interface Surface {
  readonly rng: Rng;
  /** Distance of neighbours, user units. */
  readonly pitch: number;
  readonly mark: () => string;
}

/** Points of a shaken grid over [-reach, reach) squared; `shake` is a share of the pitch. */
function grid({ rng, pitch }: Surface, shake: number, stagger = 0): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = [];
  let row = 0;
  for (let y = -reach; y < reach; y += pitch, row++)
    for (let x = -reach + (row % 2) * stagger * pitch; x < reach; x += pitch)
      points.push({ x: x + between(rng, -shake, shake) * pitch, y: y + between(rng, -shake, shake) * pitch });
  return points;
}

const circle = (x: number, y: number, r: number, paint: string) =>
  `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="${fixed(r)}" ${paint}/>`;

/** Lines along x, each by its own function of x. */
const lines = ({ pitch, mark }: Surface, width: number, wave: (x: number, y: number) => number): string => {
  const out: string[] = [];
  for (let y = -reach; y < reach; y += pitch) {
    const points: string[] = [];
    for (let x = -reach; x <= reach; x += 4) points.push(`${fixed(x)} ${fixed(y + wave(x, y))}`);
    out.push(`<path d="M${points.join('L')}" fill="none" stroke="${mark()}" stroke-width="${fixed(width * pitch)}"/>`);
  }
  return out.join('');
};

/** A rectangle in every second place of a grid, the rows set off against each other. */
const alternate = (s: Surface, width: number, height: number): string =>
  grid(s, 0)
    .map(({ x, y }) => {
      const [column, row] = [Math.round((x + reach) / s.pitch), Math.round((y + reach) / s.pitch)];
      if ((column + row) % 2 === 1) return '';
      return `<rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${fixed(height)}" fill="${s.mark()}"/>`;
    })
    .join('');

type Texture = (surface: Surface) => string;

const textures: Readonly<Record<string, Texture>> = {
  stripes: (s) => lines(s, between(s.rng, 0.35, 0.6), () => 0),
  waves(s) {
    const [height, length] = [between(s.rng, 0.35, 0.7) * s.pitch, between(s.rng, 2.5, 5) * s.pitch];
    return lines(s, between(s.rng, 0.25, 0.45), (x) => height * Math.sin((2 * Math.PI * x) / length));
  },
  fibres: (s) =>
    grid(s, 0.5)
      .map(({ x, y }) => {
        const [a, b] = [between(s.rng, -0.5, 0.5), between(s.rng, -0.5, 0.5)];
        return `<path d="M${fixed(x)} ${fixed(y)}q${fixed(s.pitch)} ${fixed(a * s.pitch)} ${fixed(2.2 * s.pitch)} ${fixed(b * s.pitch)}" fill="none" stroke="${s.mark()}" stroke-width="${fixed(0.16 * s.pitch)}"/>`;
      })
      .join(''),
  dots: (s) => {
    const r = between(s.rng, 0.22, 0.36) * s.pitch;
    return grid(s, 0.06, 0.5)
      .map(({ x, y }) => circle(x, y, r, `fill="${s.mark()}"`))
      .join('');
  },
  cells: (s) =>
    grid(s, 0.32)
      .map(({ x, y }) => {
        const r = between(s.rng, 0.36, 0.56) * s.pitch;
        const wall = `fill="${s.mark()}" fill-opacity=".35" stroke="${s.mark()}" stroke-width="${fixed(0.09 * s.pitch)}"`;
        return circle(x, y, r, wall) + circle(x + 0.2 * r, y, 0.28 * r, `fill="${s.mark()}"`);
      })
      .join(''),
  bricks(s) {
    const gap = between(s.rng, 0.1, 0.18) * s.pitch;
    return alternate(s, 2 * s.pitch - gap, s.pitch - gap);
  },
  checks: (s) => alternate(s, s.pitch, s.pitch),
  shards: (s) =>
    grid(s, 0.5)
      .map(({ x, y }) => {
        const corners = Array.from({ length: 3 }, () => {
          const [angle, r] = [between(s.rng, 0, 2 * Math.PI), between(s.rng, 0.3, 0.75) * s.pitch];
          return { x: x + r * Math.cos(angle), y: y + r * Math.sin(angle) };
        });
        return `<path d="${pathOf(corners)}" fill="${s.mark()}"/>`;
      })
      .join(''),
};

/** Uneven light over the whole frame, as any instrument has it. */
const vignette = (rng: Rng) => {
  const [x, y, dark] = [between(rng, 0.2, 0.8), between(rng, 0.2, 0.8), between(rng, 0.1, 0.5)];
  return `<radialGradient id="v" cx="${fixed(x)}" cy="${fixed(y)}" r=".9"><stop offset=".2" stop-opacity="0"/><stop offset="1" stop-opacity="${fixed(dark)}"/></radialGradient>`;
};

export const texturesSet = drawnSet({
  name: 'textures',
  group: 'Specialized',
  version: 1,
  summary: 'eight surfaces: stripes, waves, fibres, dots, cells, bricks, checks, shards',
  definition:
    'A surface that fills the frame. The label is its kind: stripes, waves, fibres, dots, cells, bricks, checks or shards. Turn, scale, proportions, colours, contrast, faint specks and uneven light vary.',
  classes: Object.keys(textures),
  draw(label, rng) {
    const ground = randomColour(rng, [25, 85]);
    const away = ground.lightness > 55 ? -1 : 1;
    const contrast = between(rng, 9, 32);
    const shift = pick(rng, [0, 0, between(rng, -60, 60)]);
    const mark = () => {
      const lightness = ground.lightness + away * contrast * between(rng, 0.75, 1.25);
      const colour: Colour = { ...ground, hue: ground.hue + shift, lightness };
      return css(colour);
    };
    const body = Object.values(textures)[label]!({ rng, pitch: between(rng, 7, 20), mark });
    const specks = Array.from({ length: 60 }, () =>
      circle(
        between(rng, 0, side),
        between(rng, 0, side),
        between(rng, 0.4, 1.6),
        `fill="${mark()}" fill-opacity=".7"`,
      ),
    );
    const place = `translate(${fixed(side / 2)} ${fixed(side / 2)}) rotate(${fixed(between(rng, 0, 360))})`;
    const frame = `width="${side}" height="${side}"`;
    return drawing(
      `<rect ${frame} fill="${css(ground)}"/><g transform="${place}">${body}</g>${specks.join('')}<rect ${frame} fill="url(#v)"/>`,
      vignette(rng),
    );
  },
});
