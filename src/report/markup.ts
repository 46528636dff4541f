// Strings of HTML and SVG that can't be injected into: every interpolated value is escaped unless it is markup already.

/** Finished markup. Made by `markup` and `raw` only. */
export interface Markup {
  readonly html: string;
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

/** Template tag: markup with escaped values. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return { html: parts.reduce((out, part, i) => out + render(values[i - 1]) + part) };
}

/** Text that is markup already; only for constants of this room. */
export const raw = (html: string): Markup => ({ html });
