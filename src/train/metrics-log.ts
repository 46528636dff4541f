// The run's metrics: one JSON line an epoch while it runs, and the same as a CSV table when it is done.
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeCsv } from '../formats/csv.ts';
import { parseJsonLines } from '../formats/json-lines.ts';
import type { RunEvent } from './events.ts';
import { runFiles, writeFailure, writeWhole } from './run-folder.ts';

type EpochEvent = Extract<RunEvent, { type: 'epoch' }>;

async function readEpochs(folder: string): Promise<EpochEvent[]> {
  const text = await readFile(join(folder, runFiles.metrics), 'utf8').catch(() => '');
  return parseJsonLines(text) as EpochEvent[];
}

/** Adds the line of a finished epoch. Throws RunError. */
export async function appendEpoch(folder: string, event: RunEvent): Promise<void> {
  const path = join(folder, runFiles.metrics);
  await appendFile(path, `${JSON.stringify(event)}\n`).catch((cause: unknown) => {
    throw writeFailure(path, cause);
  });
}

/** Drops lines of epochs that a resumed run will do again, and a line that a kill tore. */
export async function trimEpochs(folder: string, epochsDone: number): Promise<void> {
  const kept = (await readEpochs(folder)).filter((event) => event.epoch < epochsDone);
  await writeWhole(join(folder, runFiles.metrics), kept.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

export async function writeTable(folder: string): Promise<void> {
  const rows = (await readEpochs(folder)).map(({ epoch, learningRate, seconds, train, val }) => ({
    epoch: epoch + 1,
    learning_rate: learningRate,
    seconds,
    train_loss: train.loss,
    train_top1: train.top1,
    val_loss: val?.loss ?? '',
    val_top1: val?.top1 ?? '',
    val_top5: val?.top5 ?? '',
    val_mean_class_accuracy: val?.meanClassAccuracy ?? '',
    val_ece: val?.ece ?? '',
  }));
  const header = Object.keys(rows[0] ?? {});
  await writeWhole(join(folder, runFiles.table), encodeCsv([header, ...rows.map((row) => Object.values(row))]));
}
