// The run's metrics: one JSON line an epoch while it runs, and the same as a CSV table when it is done.
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeCsv } from '../formats/csv.ts';
import { parseJsonLines } from '../formats/json-lines.ts';
import type { EpochEvent } from './events.ts';
import { runFiles, writeFailure, writeWhole } from './run-folder.ts';

/** The epochs in a run's folder, those included that will be done again; none where there is no folder. A torn line is left out. */
export async function readEpochs(folder: string): Promise<EpochEvent[]> {
  const text = await readFile(join(folder, runFiles.metrics), 'utf8').catch(() => '');
  return parseJsonLines(text) as EpochEvent[];
}

export interface EpochLog {
  /** Adds the line of a finished epoch. Rejects with RunError. */
  add(event: EpochEvent): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the log of a run that goes on after `epochsDone` epochs: lines of epochs that it will do again are dropped, as is one that
 * a kill tore. It stays open: a small head's epoch takes no longer than opening a file. Rejects with RunError.
 */
export async function openEpochLog(folder: string, epochsDone: number): Promise<EpochLog> {
  const path = join(folder, runFiles.metrics);
  const kept = (await readEpochs(folder)).filter((event) => event.epoch < epochsDone);
  await writeWhole(path, kept.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const refuse = (cause: unknown): never => {
    throw writeFailure(path, cause);
  };
  const file = await open(path, 'a').catch(refuse);
  return {
    add: async (event) => void (await file.appendFile(`${JSON.stringify(event)}\n`).catch(refuse)),
    close: () => file.close(),
  };
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
