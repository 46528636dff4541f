// Lines of a text file as a stream, with a limit on their length: a file without line breaks must not fill memory.
import { createReadStream } from 'node:fs';
import { DataError } from '../../base/errors.ts';

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/** Lines without their breaks, and without a byte-order mark. Throws DataError for one of more than `most` characters. */
export async function* linesOf(path: string, most: number): AsyncGenerator<Line> {
  let rest = '';
  let number = 0;
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const text of lines) yield { text: whole(text, ++number, most), number };
    if (rest.length > most) whole(rest, number + 1, most);
  }
  if (rest !== '') yield { text: whole(rest, ++number, most), number };
}

function whole(text: string, number: number, most: number): string {
  if (text.length > most) throw new DataError(`line ${number} has more than ${most} characters`);
  return (number === 1 ? text.replace(/^\uFEFF/, '') : text).replace(/\r$/, '');
}
