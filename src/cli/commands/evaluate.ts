// vitune evaluate: metrics of a finished run on a folder of pictures.
import { Command, Option } from 'commander';
import { devices } from '../../runtime/session.ts';
import { openTuned } from '../../train/tuned.ts';
import { type UseFlags, wiseAlphaHelp } from '../flags.ts';
import { percent, printJson } from '../output.ts';

export function evaluate(): Command {
  return new Command('evaluate')
    .description('test a finished run on a folder of pictures')
    .argument('<run>', 'folder of a finished run')
    .argument('<data>', 'data as train takes it; of one with splits, the test split')
    .option('--source <name>', 'how the data is laid out (left out = recognised)')
    .option('--model <folder>', 'where the backbone lies now, if it was moved')
    .addOption(new Option('--device <name>', 'where to run').choices([...devices]).default('cpu'))
    .option('--wise-alpha <x>', wiseAlphaHelp, Number)
    .option('--json', 'print the metrics as JSON')
    .action(async (run: string, data: string, flags: UseFlags & { source?: string; json?: boolean }) => {
      const tuned = await openTuned(run, flags);
      const result = await tuned.evaluate(data, flags.source);
      await tuned.dispose();
      if (flags.json) return printJson(result);
      for (const { reason } of result.unreadable) console.error(`skipped ${reason}`);
      console.log(`top-1               ${percent(result.top1)}`);
      console.log(`top-5               ${percent(result.top5)}`);
      console.log(`mean per class      ${percent(result.meanClassAccuracy)}`);
      console.log(`loss                ${result.loss.toFixed(4)}`);
      console.log(`calibration (ECE)   ${result.ece.toFixed(4)}`);
      console.log(`pictures            ${result.pictures} (${result.split})`);
    });
}
