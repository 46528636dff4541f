// Strings of HTML and SVG that can't be injected into: every interpolated value is escaped unless it is markup already.

/** A figure of the markup as a file of its own. */
export interface FigureFile {
  readonly id: string;
  /** SVG that needs no style sheet but its own. */
  readonly svg: string;
}

/** Finished markup. Made by `markup`, `raw` and `withFigure` only. */
export interface Markup {
  readonly html: string;
  /** Of it and of all markup that went into it, in order. */
  readonly figures: readonly FigureFile[];
}

export type Content = Markup | string | number | undefined | false | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeText = (text: string): string => text.replace(/[&<>"']/g, (c) => entities[c]!);

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (typeof content === 'string') return escapeText(content);
  if (typeof content === 'number') return String(Math.round(content * 100) / 100); // a hundredth of a pixel is enough
  if ('html' in content) return content.html;
  return content.map(render).join('');
}

function figuresIn(content: Content): readonly FigureFile[] {
  if (typeof content !== 'object') return [];
  return 'html' in content ? content.figures : content.flatMap(figuresIn);
}

/** Template tag: markup with escaped values. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return { html: parts.reduce((out, part, i) => out + render(values[i - 1]) + part), figures: figuresIn(values) };
}

/** Text that is markup already; only for constants of this room. */
export const raw = (html: string): Markup => ({ html, figures: [] });

/** The same, known to show this figure. */
export const withFigure = ({ html, figures }: Markup, figure: FigureFile): Markup => ({
  html,
  figures: [...figures, figure],
});
