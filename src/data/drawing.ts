// SVG, told from pixels by its bytes: a drawing has no size of its own in pixels, and must not lean on other files, because
// the decoder (rightly) loads none and would leave a silent blank in their place.
import { gunzipSync } from 'node:zlib';
import { DataError } from '../base/errors.ts';

/** A drawing's text; 64 MB is ten times the largest real one, and little enough for a gzip bomb to do no harm. */
const maxTextBytes = 64 * 2 ** 20;
/** Comments and document types may come before `<svg`; this much is looked through. */
const headBytes = 65_536;

const isGzip = (bytes: Uint8Array) => bytes[0] === 0x1f && bytes[1] === 0x8b;
const text = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes);

/** The bytes of an SVG, unzipped and without a byte-order mark; undefined for any other file. */
export function drawingIn(bytes: Uint8Array): Uint8Array | undefined {
  let plain = bytes;
  if (isGzip(bytes)) {
    try {
      plain = gunzipSync(bytes, { maxOutputLength: maxTextBytes });
    } catch {
      return undefined;
    }
  }
  if (plain[0] === 0xef && plain[1] === 0xbb && plain[2] === 0xbf) plain = plain.subarray(3);
  const head = text(plain.subarray(0, headBytes));
  return /^\s*</.test(head) && /<(\w+:)?svg[\s>]/i.test(head) ? plain : undefined;
}

/** `href` of what is drawn (a link's is harmless) and style sheets, unless inside the file: `#id`, `data:`. */
const outside =
  /<(?:\w+:)?(?:image|feImage|use)\b[^>]*?\bhref\s*=\s*["']\s*(?!#|data:)([^"'\s]+)|<\?xml-stylesheet\b[^>]*?href\s*=\s*["']([^"']+)|@import\s+(?:url\()?["']?([^"');\s]+)/i;

/** Throws DataError where a drawing needs another file or address. */
export function requireSelfContained(name: string, drawing: Uint8Array): void {
  const found = outside.exec(text(drawing));
  if (found === null) return;
  const address = (found[1] ?? found[2] ?? found[3] ?? '').slice(0, 80);
  throw new DataError(`${name}: refers to ${address} outside of it; only drawings that hold all they show are read`);
}
