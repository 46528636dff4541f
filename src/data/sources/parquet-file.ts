// Parquet files through hyparquet: the schema and Hugging Face's note in it, and rows by group of rows, with limits on what a
// damaged or hostile file may ask for.
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type AsyncBuffer, type Compressors, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { DataError, messageOf } from '../../base/errors.ts';
import { readRange } from '../stored.ts';

/** Rows of a group are decoded together and held while they are read. Hugging Face writes groups of 100 to 1000 pictures. */
const maxGroupBytes = 2 ** 30;
/** A page that says it unpacks to more than this is a bomb. */
const maxPageBytes = 2 ** 29;

/** Consecutive rows that are stored together. */
export interface RowGroup {
  readonly start: number;
  readonly end: number;
}

export interface ParquetFile {
  readonly path: string;
  readonly groups: readonly RowGroup[];
  /** Names of the columns on top, and those of them that hold single values. */
  readonly columns: readonly string[];
  readonly plainColumns: readonly string[];
  /** `info.features` of Hugging Face's note: column -> type, class names. */
  readonly features: Readonly<Record<string, { readonly _type?: string } | undefined>> | undefined;
  /** A group's rows with the columns asked for. Byte columns stay bytes if `bytes`. Throws DataError. */
  rows(group: RowGroup, columns: readonly string[], bytes?: boolean): Promise<Record<string, unknown>[]>;
}

const limited: Compressors = Object.fromEntries(
  Object.entries(compressors).map(([codec, unpack]) => [
    codec,
    (input: Uint8Array, length: number) => {
      if (length > maxPageBytes)
        throw new DataError(`a page unpacks to ${length} bytes; at most ${maxPageBytes} are read`);
      return unpack!(input, length);
    },
  ]),
);

async function bufferOf(path: string): Promise<AsyncBuffer> {
  const { size } = await stat(path);
  return {
    byteLength: size,
    async slice(start, end = size) {
      if (end - start > maxGroupBytes)
        throw new DataError(`${end - start} bytes in one piece; at most ${maxGroupBytes} are read`);
      return (await readRange(path, start, end - start, maxGroupBytes)).buffer as ArrayBuffer;
    },
  };
}

function featuresIn(pairs: readonly { readonly key: string; readonly value?: string }[] | undefined) {
  const note = pairs?.find(({ key }) => key === 'huggingface')?.value;
  try {
    const parsed = JSON.parse(note ?? 'null') as { info?: { features?: ParquetFile['features'] } } | null;
    return parsed?.info?.features;
  } catch {
    return undefined; // a torn note: the columns still speak for themselves
  }
}

/** Opens a file by its footer. Throws DataError for one that isn't Parquet. */
export async function openParquet(path: string): Promise<ParquetFile> {
  const name = basename(path);
  try {
    const file = await bufferOf(path);
    const metadata = await parquetMetadataAsync(file);
    const columns: string[] = [];
    const plain: string[] = [];
    for (let i = 1; i < metadata.schema.length; ) {
      const element = metadata.schema[i]!;
      columns.push(element.name);
      if (!element.num_children) plain.push(element.name);
      i = skip(metadata.schema, i);
    }
    let start = 0;
    const groups = metadata.row_groups.map((group) => {
      const end = start + Number(group.num_rows);
      if (Number(group.total_byte_size) > maxGroupBytes)
        throw new DataError(
          `rows ${start} to ${end} take ${group.total_byte_size} bytes together; at most ${maxGroupBytes} are read, write smaller row groups`,
        );
      const range = { start, end };
      start = end;
      return range;
    });
    return {
      path,
      groups,
      columns,
      plainColumns: plain,
      features: featuresIn(metadata.key_value_metadata),
      async rows({ start, end }, wanted, bytes = false) {
        try {
          return await parquetReadObjects({
            file,
            metadata,
            columns: [...wanted],
            rowStart: start,
            rowEnd: end,
            compressors: limited,
            utf8: !bytes,
          });
        } catch (cause) {
          throw new DataError(`${name}: rows ${start} to ${end} can't be read: ${messageOf(cause)}`, { cause });
        }
      },
    };
  } catch (cause) {
    throw new DataError(`${name}: is no Parquet file that can be read: ${messageOf(cause)}`, { cause });
  }
}

/** The element after `i` and everything below it, in the schema's depth-first list. */
function skip(schema: readonly { readonly num_children?: number }[], i: number): number {
  let next = i + 1;
  for (let child = 0; child < (schema[i]?.num_children ?? 0) && next < schema.length; child++)
    next = skip(schema, next);
  return next;
}

/** The column with the pictures: Hugging Face's note says it, or its name. */
export function imageFeature({ columns, plainColumns, features }: ParquetFile): string | undefined {
  const noted = columns.find((name) => features?.[name]?._type === 'Image');
  return noted ?? columns.find((name) => ['image', 'img'].includes(name) && !plainColumns.includes(name));
}
