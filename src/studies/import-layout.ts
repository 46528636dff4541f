// Results in the layout of the published study's code: below a folder, each cell's own folder with final_result.json and, beside it,
// tune_summary.csv with a line a grid point. Its parameters are a Python dict or JSON; both are read as data, nothing is run.
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { messageOf, OptionError } from '../base/errors.ts';
import { rowsOf } from '../data/sources/table-rows.ts';
import type { Reference } from '../study/references.ts';

const finalName = 'final_result.json';
const summaryName = 'tune_summary.csv';
/** A file of one result: the published ones have some hundred bytes. */
const maxFinalBytes = 2 ** 20;
/** Lines of one grid: as many points as a plan may have. */
const maxTrials = 100_000;

const params = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));
const finalSchema = z.looseObject({
  avg_acc: z.number().min(0).max(100),
  inserted_parameters: z.number().int().min(0).optional(),
  best_tune: params.optional(),
});

/** Parameters as JSON or as Python prints a dict of numbers, strings and booleans. Throws what JSON.parse and zod throw. */
function paramsFrom(text: string): Record<string, number | string | boolean> {
  const json = text
    .replaceAll("'", '"')
    .replaceAll(/\bTrue\b/g, 'true')
    .replaceAll(/\bFalse\b/g, 'false');
  return params.parse(JSON.parse(json));
}

async function trialsOf(file: string): Promise<{ params: object; val_top1: number }[]> {
  if (!existsSync(file)) return [];
  const trials: { params: object; val_top1: number }[] = [];
  for await (const row of rowsOf(summaryName, file)) {
    const top1 = Number(row.get('val_top1'));
    if (!row.get('param_set') || !row.get('val_top1') || !(top1 >= 0 && top1 <= 100))
      throw new OptionError('line without param_set, or with a val_top1 that is no percentage');
    if (trials.length === maxTrials) throw new OptionError(`more than ${maxTrials} lines`);
    trials.push({ params: paramsFrom(row.get('param_set')!), val_top1: top1 });
  }
  return trials;
}

async function referenceOf(root: string, file: string): Promise<Reference> {
  const { size } = await stat(file);
  if (size > maxFinalBytes) throw new OptionError(`is larger than ${maxFinalBytes} bytes`);
  const final = finalSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const folder = dirname(file);
  return {
    path: relative(root, folder).split(sep).join('/') || basename(folder),
    protocol: 'layout',
    method: basename(folder),
    test_top1: final.avg_acc,
    ...(final.inserted_parameters === undefined ? {} : { parameters: final.inserted_parameters }),
    ...(final.best_tune === undefined ? {} : { best: final.best_tune }),
    trials: await trialsOf(join(folder, summaryName)),
  };
}

/** All results below a folder, in the order of their paths. Throws OptionError with every file that can't be read. */
export async function layoutReferences(root: string): Promise<Reference[]> {
  const names = await readdir(root, { recursive: true });
  const files = names
    .filter((name) => basename(name) === finalName)
    .sort()
    .map((name) => join(root, name));
  if (files.length === 0) throw new OptionError(`import ${root}: holds no ${finalName}, at any depth`);
  const lines: string[] = [];
  const found: Reference[] = [];
  for (const file of files)
    try {
      found.push(await referenceOf(root, file));
    } catch (error) {
      const reason =
        error instanceof z.ZodError
          ? error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
          : messageOf(error);
      lines.push(`${dirname(relative(root, file))}: ${reason}`);
    }
  if (lines.length > 0)
    throw new OptionError(`import ${root}: ${lines.length} of ${files.length} results can't be read; none was kept`, {
      lines,
    });
  return found;
}
