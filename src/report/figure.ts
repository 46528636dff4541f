// A figure that everyone can read: laid out twice (wide and narrow screens), with a title and a description for screen
// readers, a caption, and the numbers behind it as a table.
import type { Table } from '../analysis/table.ts';
import { type Content, type Markup, markup, raw, withFigure } from './markup.ts';
import { figureStyle } from './style.ts';
import { tableMarkup } from './table-markup.ts';
import { together } from './words.ts';

export interface Drawing {
  readonly height: number;
  readonly marks: Content;
}

export interface FigureSpec {
  /** Unique in the report; part of element ids. */
  readonly id: string;
  readonly title: string;
  /** What the figure says, in words: for those who can't see it. */
  readonly description: string;
  readonly caption?: string;
  /** Draws at a width in pixels; text stays 12 px at both. */
  readonly draw: (width: number) => Drawing;
  readonly table?: Table;
}

/** The two layouts' widths: columns of a desktop and of a phone. */
const widths = [
  ['wide', 860],
  ['narrow', 344],
] as const;

export function figureMarkup({ id, title, description, caption, draw, table }: FigureSpec): Markup {
  const drawings = widths.map(([name, width]) => {
    const { height, marks } = draw(width);
    return markup`<svg class="${name}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-${name}-t ${id}-${name}-d"><title id="${id}-${name}-t">${title}</title><desc id="${id}-${name}-d">${description}</desc>${marks}</svg>`;
  });
  const figure = markup`<figure id="${id}"><h3>${title}</h3>${drawings}<figcaption>${together(caption ?? description)}</figcaption>${
    table && markup`<details><summary>The numbers</summary>${tableMarkup(table, title)}</details>`
  }</figure>`;
  return withFigure(figure, { id, svg: figureFile({ title, description, draw }) });
}

/** Pixels around the drawing in a file of its own. */
const margin = 20;

/** The wide layout with its own style, light and dark by the reader's setting: for a page that shows pictures only. */
function figureFile({ title, description, draw }: Pick<FigureSpec, 'title' | 'description' | 'draw'>): string {
  const [, width] = widths[0];
  const { height, marks } = draw(width);
  const [w, h] = [width + 2 * margin, height + 2 * margin];
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-margin} ${-margin} ${w} ${h}" width="${w}" height="${h}" role="img"><title>${title}</title><desc>${description}</desc><style>${raw(figureStyle)}</style><rect class="paper" x="${-margin + 0.5}" y="${-margin + 0.5}" width="${w - 1}" height="${h - 1}" rx="8"/>${marks}</svg>
`.html;
}

/** A mark's own title: shown on hover, read by screen readers. */
export const tip = (text: string): Markup => markup`<title>${text}</title>`;

/** Colour number i of the palette, as a style value. */
export const colour = (i: number): string => `var(--c${i % 8})`;

/** Mark shapes that differ without colour: circle, square, triangle, diamond. */
export function shape(kind: number, x: number, y: number, size: number): Markup {
  const r = size;
  switch (kind % 4) {
    case 0:
      return markup`<circle cx="${x}" cy="${y}" r="${r}"/>`;
    case 1:
      return markup`<rect x="${x - r * 0.9}" y="${y - r * 0.9}" width="${r * 1.8}" height="${r * 1.8}"/>`;
    case 2:
      return markup`<path d="M${x} ${y - r * 1.15}l${r * 1.1} ${r * 2}h${-r * 2.2}z"/>`;
    default:
      return markup`<path d="M${x} ${y - r * 1.3}l${r * 1.2} ${r * 1.3}l${-r * 1.2} ${r * 1.3}l${-r * 1.2} ${-r * 1.3}z"/>`;
  }
}

/** Dashes that tell lines apart without colour. */
export const dash = (i: number): string => ['none', '6 3', '2 3', '8 3 2 3', '12 4'][i % 5]!;
