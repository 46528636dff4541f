// Rows of a table file as records of text: CSV, TSV, JSON lines and Parquet, read as a stream.
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { parse } from 'csv-parse';
import { DataError, messageOf } from '../../base/errors.ts';
import { linesOf } from './lines.ts';
import { openParquet } from './parquet-file.ts';

export type Row = ReadonlyMap<string, string>;

/** Longer records are no rows of a table of pictures, and could fill memory. */
const maxRecordBytes = 2 ** 20;

const textOf = (value: unknown): string => (value === null || value === undefined ? '' : String(value));

async function* separated(path: string, delimiter: string): AsyncGenerator<Row> {
  const parser = createReadStream(path).pipe(
    parse({ bom: true, columns: true, delimiter, trim: true, skip_empty_lines: true, max_record_size: maxRecordBytes }),
  );
  for await (const record of parser) yield new Map(Object.entries(record as Record<string, string>));
}

async function* jsonLines(path: string): AsyncGenerator<Row> {
  for await (const { text, number } of linesOf(path, maxRecordBytes)) {
    if (text.trim() === '') continue;
    let record: unknown;
    try {
      record = JSON.parse(text);
    } catch (cause) {
      throw new DataError(`line ${number} is not JSON`, { cause });
    }
    if (typeof record !== 'object' || record === null || Array.isArray(record))
      throw new DataError(`line ${number} must be a JSON object`);
    yield new Map(Object.entries(record).map(([name, value]) => [name, textOf(value)]));
  }
}

async function* parquet(path: string): AsyncGenerator<Row> {
  const file = await openParquet(path);
  for (const group of file.groups)
    for (const record of await file.rows(group, file.plainColumns))
      yield new Map(Object.entries(record).map(([name, value]) => [name, textOf(value)]));
}

const readers: Readonly<Record<string, (path: string) => AsyncGenerator<Row>>> = {
  '.csv': (path) => separated(path, ','),
  '.tsv': (path) => separated(path, '\t'),
  '.jsonl': jsonLines,
  '.ndjson': jsonLines,
  '.parquet': parquet,
};

export const isTable = (file: string): boolean => Object.hasOwn(readers, extname(file).toLowerCase());

/** The rows of a table file. Throws DataError for a damaged one. */
export async function* rowsOf(where: string, path: string): AsyncGenerator<Row> {
  try {
    yield* readers[extname(path).toLowerCase()]!(path);
  } catch (cause) {
    throw new DataError(`data ${where}: can't be read: ${messageOf(cause)}`, { cause });
  }
}
