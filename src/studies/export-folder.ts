// A study as a self-contained folder: its plan, its results, every trial's metrics and files; and each cell in the layout of
// the published study's code (tune_summary.csv, final_result.json), which others' scripts read.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeCsv } from '../formats/csv.ts';
import { finalResults, summarize } from '../study/results.ts';
import type { CellName, StudyRow, TrialRow } from '../study/rows.ts';
import type { Store } from '../study/store.ts';

/** Names in a path hold letters, digits, dots, dashes, underscores and plus signs only. */
const safe = (name: string): string => name.replaceAll(/[^\w.+-]/g, '_').replace(/^\.+$/, '_');
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The published code's names for options that both have. */
const studyNames: Readonly<Record<string, string>> = {
  learningRate: 'lr',
  weightDecay: 'wd',
  dropPath: 'drop_path_rate',
};
const studyParams = (params: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [studyNames[name] ?? name, value]));

/** Parameters as Python prints a dict: the published code evaluates them. */
const pythonDict = (params: Readonly<Record<string, unknown>>): string => {
  const python = (value: unknown): string => {
    if (typeof value === 'boolean') return value ? 'True' : 'False';
    return typeof value === 'string' ? `'${value.replaceAll(/['\\]/g, '\\$&')}'` : String(value);
  };
  return `{${Object.entries(params)
    .map(([name, value]) => `${python(name)}: ${python(value)}`)
    .join(', ')}}`;
};

const percent = (share: number): number => Number((100 * share).toFixed(2));
interface EpochRecord {
  readonly train: { readonly loss: number; readonly top1: number };
  readonly val?: { readonly loss: number; readonly top1: number; readonly top5: number };
}

/**
 * One line a grid point: its parameters and what it reached, in percent. The columns are in the published code's order, which it
 * counts them by; top-5 in training isn't known.
 */
async function tuneSummary(store: Store, rows: readonly TrialRow[]): Promise<string> {
  const measures = ['loss', 'top1', 'top5'] as const;
  const columns = (part: string) => measures.map((measure) => `${part}_${measure}`);
  const cellsOf = (of: { readonly loss: number; readonly top1: number; readonly top5?: number } | undefined) =>
    of ? [of.loss, percent(of.top1), of.top5 === undefined ? '' : percent(of.top5)] : ['', '', ''];
  const lines: (string | number)[][] = [];
  for (const { id, point, val } of rows.filter(({ phase, state }) => phase === 'tune' && state === 'done')) {
    const epochs = (await store.epochs(id)) as EpochRecord[];
    const validated = epochs.flatMap((epoch) => (epoch.val ? [epoch.val] : []));
    const best = validated.reduce<EpochRecord['val']>((a, b) => (a && a.top1 >= b.top1 ? a : b), undefined);
    lines.push([
      pythonDict(studyParams(point.params)),
      ...[epochs.at(-1)?.train, val ?? undefined, best].flatMap(cellsOf),
    ]);
  }
  return encodeCsv([['param_set', ...['train', 'val', 'val_best'].flatMap(columns)], ...lines]);
}

/** As the published code has it, but for the best test accuracy along training, which nobody should look at; and with its seeds. */
function finalResult(study: StudyRow, index: number, rows: readonly TrialRow[]): unknown {
  const results = finalResults(study, rows).filter(({ method, data, model }) => {
    const names = study.cells[index]!;
    return method === names.method && data === names.data && model === names.model;
  });
  const [summary] = summarize(results);
  if (!summary) return undefined;
  return {
    avg_acc: percent(summary.mean),
    inserted_parameters: summary.parameters,
    best_tune: studyParams(summary.params),
    seeds: results.map(({ seed, top1 }) => ({ seed, top1: percent(top1) })),
  };
}

/** A folder for each cell; names that a path can't tell apart get a number. */
export function cellFolders(cells: readonly CellName[]): string[] {
  const taken = new Set<string>();
  return cells.map(({ model, data, method }) => {
    const path = join(safe(model), safe(data), safe(method));
    let own = path;
    for (let n = 2; taken.has(own); n++) own = `${path}-${n}`;
    taken.add(own);
    return own;
  });
}

/** Writes the study below `folder`; returns how many trials it holds. Throws what writing throws. */
export async function exportStudy(store: Store, study: StudyRow, folder: string): Promise<number> {
  const rows = await store.trials(study.id);
  const root = join(folder, safe(study.name));
  await mkdir(root, { recursive: true });
  const write = (name: string, contents: string | Uint8Array) => writeFile(join(root, name), contents);
  await write('study.json', json({ id: study.id, name: study.name, plan: study.plan, cells: study.cells }));
  await write('results.json', json(finalResults(study, rows)));
  for (const row of rows) {
    const { id } = row;
    const own = join('trials', id);
    await mkdir(join(root, own), { recursive: true });
    await write(join(own, 'trial.json'), json({ ...row, names: study.cells[row.cell], spec: await store.spec(id) }));
    const epochs = await store.epochs(id);
    await write(join(own, 'metrics.jsonl'), epochs.map((epoch) => `${JSON.stringify(epoch)}\n`).join(''));
    for (const { name, bytes } of await store.artifacts(id)) await write(join(own, safe(name)), bytes);
  }
  for (const [index, cellFolder] of cellFolders(study.cells).entries()) {
    const own = rows.filter((row) => row.cell === index);
    const path = join('cells', cellFolder);
    await mkdir(join(root, path), { recursive: true });
    await write(join(path, 'tune_summary.csv'), await tuneSummary(store, own));
    const final = finalResult(study, index, own);
    if (final) await write(join(path, 'final_result.json'), json(final));
  }
  return rows.length;
}
