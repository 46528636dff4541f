// Draws what a command printed as an SVG of a terminal, for the README: text and colours as they came, nothing made up.
//
//   C='npx vitune train noto --train-count 800 --val-fraction 0 --epochs 8 --method linear --out runs/linear'
//   FORCE_COLOR=1 $C 2>&1 | npx tsx scripts/terminal-picture.ts "$C" > docs/train.svg
import { text } from 'node:stream/consumers';

const [columnWidth, lineHeight, fontSize, margin, bar] = [7.8, 18, 13, 18, 30];
const palette = { background: '#1c2128', frame: '#444c56', plain: '#cdd9e5', dim: '#768390', bright: '#ffffff' };
const colours: Readonly<Record<number, string>> = { 31: '#f47067', 32: '#8ddb8c', 33: '#e0b85c', 36: '#76d3e6' };

interface Span {
  readonly text: string;
  readonly fill: string;
  readonly bold: boolean;
}

/** A line with SGR sequences -> runs of one style. */
function spans(line: string): Span[] {
  let [fill, bold] = [palette.plain, false];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with one
  return line.split(/\x1b\[([\d;]*)m/).flatMap((part, i) => {
    if (i % 2 === 0) return part === '' ? [] : [{ text: part, fill, bold }];
    for (const code of part.split(';').map(Number)) {
      if (code === 0) [fill, bold] = [palette.plain, false];
      else if (code === 1) bold = true;
      else if (code === 2) fill = palette.dim;
      else if (code === 22) [fill, bold] = [palette.plain, false];
      else if (code === 39) fill = palette.plain;
      else fill = colours[code] ?? fill;
    }
    return [];
  });
}

/** Spaces that don't break aren't collapsed either, whatever draws it. */
const escaped = (s: string): string =>
  s.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll(' ', '\u00a0');

const command = process.argv[2] ?? '';
const printed = (await text(process.stdin))
  .split('\n')
  .filter((line) => !line.startsWith('> ')) // npm's own lines
  .join('\n')
  .replaceAll(/\n{3,}/g, '\n\n')
  .trim()
  .split('\n');
const lines = [
  [
    { text: '$ ', fill: palette.dim, bold: false },
    { text: command, fill: palette.bright, bold: true },
  ],
  ...printed.map(spans),
];
const columns = Math.max(...lines.map((line) => line.reduce((n, span) => n + span.text.length, 0)));
const width = Math.ceil(columns * columnWidth + 2 * margin);
const height = Math.ceil(bar + lines.length * lineHeight + margin);

const body = lines.flatMap((line, row) => {
  let column = 0;
  return line.map(({ text, fill, bold }) => {
    const x = (margin + column * columnWidth).toFixed(1);
    const y = (bar + (row + 1) * lineHeight - 4).toFixed(1);
    column += text.length;
    // The given length keeps columns straight in whatever monospaced font the reader has.
    return `<text x="${x}" y="${y}" fill="${fill}"${bold ? ' font-weight="bold"' : ''} textLength="${(text.length * columnWidth).toFixed(1)}" lengthAdjust="spacingAndGlyphs">${escaped(text)}</text>`;
  });
});
console.log(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Terminal: ${escaped(command)}">
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${palette.background}" stroke="${palette.frame}"/>
${['#f47067', '#e0b85c', '#8ddb8c'].map((fill, i) => `<circle cx="${margin + 4 + 18 * i}" cy="16" r="5" fill="${fill}"/>`).join('\n')}
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${fontSize}">
${body.join('\n')}
</g>
</svg>`);
