// Results of others, kept beside one's own to compare with: a list of records, each with a path that tells it from the
// others, a method and a test accuracy in percent, as the published study's results are collected.
import { z } from 'zod';
import { messageOf, OptionError } from '../base/errors.ts';
import type { Store } from './store.ts';

const params = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));
const recordSchema = z.looseObject({
  path: z.string().min(1).max(300),
  protocol: z.string().max(100),
  method: z.string().min(1).max(100),
  test_top1: z.number().min(0).max(100),
  parameters: z.number().int().min(0).optional(),
  best: params.optional(),
});
export type Reference = z.infer<typeof recordSchema>;

/** The published study has 503; a hundred times as many are still read in a second. */
const maxRecords = 50_000;
const maxBytes = 256 * 2 ** 20;

/** Parses a file of results. Throws OptionError with the first few things that are wrong. */
export function parseReferences(file: string, text: string): Reference[] {
  if (text.length > maxBytes) throw new OptionError(`import ${file}: is larger than ${maxBytes} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new OptionError(`import ${file}: is not JSON: ${messageOf(cause)}`, { cause });
  }
  const parsed = z.array(recordSchema).min(1).max(maxRecords).safeParse(json);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new OptionError(
    `import ${file}: is no list of results with path, protocol, method and test_top1 (in percent)`,
    { lines },
  );
}

/** Keeps the records under the source's name, in place of what was there. Throws OptionError where two have one path. */
export async function importReferences(store: Store, source: string, records: readonly Reference[]): Promise<void> {
  const seen = new Set<string>();
  for (const { path } of records) {
    if (seen.has(path)) throw new OptionError(`import: two records have the path ${path}`);
    seen.add(path);
  }
  await store.addReferences(
    source,
    records.map((record) => ({ path: record.path, record })),
  );
}

/** Everything imported, by source. */
export async function references(store: Store): Promise<(Reference & { readonly source: string })[]> {
  return (await store.references()).map(({ source, record }) => ({ ...(record as Reference), source }));
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_ ]/g, '');

/** The records about a method on a data set: the same method, and the data set's name in the path. */
export function matching<T extends Reference>(
  records: readonly T[],
  { method, data }: { readonly method: string; readonly data: string },
): T[] {
  return records.filter(
    (record) =>
      plain(record.method) === plain(method) && record.path.split('/').some((part) => plain(part) === plain(data)),
  );
}
