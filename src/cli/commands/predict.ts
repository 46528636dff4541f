// vitune predict: the classes of single pictures.
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { DataError, messageOf } from '../../base/errors.ts';
import { devices } from '../../runtime/session.ts';
import { openTuned } from '../../train/tuned.ts';
import { type UseFlags, wiseAlphaHelp } from '../flags.ts';
import { percent, printJson, table } from '../output.ts';

export function predict(): Command {
  return new Command('predict')
    .description('classify pictures with a finished run')
    .argument('<run>', 'folder of a finished run')
    .argument('<picture...>', 'picture files')
    .option('--model <folder>', 'where the backbone lies now, if it was moved')
    .addOption(new Option('--device <name>', 'where to run').choices([...devices]).default('cpu'))
    .option('--wise-alpha <x>', wiseAlphaHelp, Number)
    .option('--json', 'print one prediction a line as JSON')
    .action(async (run: string, files: string[], flags: UseFlags & { json?: boolean }) => {
      const pictures = await Promise.all(
        files.map(async (name) => {
          const bytes = await readFile(name).catch((cause: unknown) => {
            throw new DataError(`${name}: can't be read: ${messageOf(cause)}`, { cause });
          });
          return { name, bytes };
        }),
      );
      const tuned = await openTuned(run, flags);
      const predictions = await tuned.predict(pictures);
      await tuned.dispose();
      if (flags.json) {
        for (const prediction of predictions) printJson(prediction);
        return;
      }
      const rows = predictions.map(({ picture, classes }) => [
        picture,
        ...classes.slice(0, 3).map(({ name, probability }) => `${name} ${percent(probability)}`),
      ]);
      console.log(table(['picture', 'first', 'second', 'third'], rows));
    });
}
