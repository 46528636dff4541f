// vitune evaluate: metrics of a finished run, or of an untuned CLIP, on a folder of pictures.
import { Command, Option } from 'commander';
import { OptionError } from '../../base/errors.ts';
import { locateData } from '../../data/locate.ts';
import { openListing } from '../../data/sources/index.ts';
import { locateModel } from '../../model/locate.ts';
import { devices } from '../../runtime/session.ts';
import { trainingOptions } from '../../train/training-options.ts';
import { openTuned, type Tuned } from '../../train/tuned.ts';
import { openZeroShot } from '../../train/zero-shot-model.ts';
import { type UseFlags, wiseAlphaHelp } from '../flags.ts';
import { percent, printJson, table } from '../output.ts';

interface Flags extends UseFlags {
  readonly source?: string;
  readonly head?: 'zero-shot';
  readonly promptTemplates?: string;
  readonly classEmbeddings?: string;
  readonly json?: boolean;
}

/** The CLIP `model` on the classes of the data. */
async function zeroShot(model: string, data: string, flags: Flags): Promise<Tuned> {
  if (flags.model !== undefined || flags.wiseAlpha !== undefined)
    throw new OptionError(
      'evaluate: --head zero-shot takes a model in place of a run; leave --model and --wise-alpha out',
    );
  const { classes } = await openListing(locateData(data), { source: flags.source });
  const {
    promptTemplates = trainingOptions.promptTemplates.default,
    classEmbeddings = trainingOptions.classEmbeddings.default,
  } = flags;
  return openZeroShot(locateModel(model), classes, { promptTemplates, classEmbeddings }, flags);
}

export function evaluate(): Command {
  return new Command('evaluate')
    .description('test a finished run, or an untuned CLIP, on a folder of pictures')
    .argument('<run>', 'folder of a finished run; with --head zero-shot, a CLIP')
    .argument('<data>', 'data as train takes it; of one with splits, the test split')
    .option('--source <name>', 'how the data is laid out (left out = recognised)')
    .option('--model <folder>', 'where the backbone lies now, if it was moved')
    .addOption(new Option('--device <name>', 'where to run').choices([...devices]).default('cpu'))
    .option('--wise-alpha <x>', wiseAlphaHelp, Number)
    .addOption(
      new Option('--head <name>', "without a run: CLIP's classifier from the classes' names").choices(['zero-shot']),
    )
    .option('--prompt-templates <texts>', trainingOptions.promptTemplates.help)
    .option('--class-embeddings <file>', trainingOptions.classEmbeddings.help)
    .option('--json', 'print the metrics as JSON')
    .action(async (run: string, data: string, flags: Flags) => {
      if (!flags.head && (flags.promptTemplates ?? flags.classEmbeddings) !== undefined)
        throw new OptionError('evaluate: prompt templates and class embeddings need --head zero-shot');
      const tuned = await (flags.head ? zeroShot(run, data, flags) : openTuned(run, flags));
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
      const shifts = Object.entries(result.shifts);
      if (shifts.length === 0) return;
      const mean = shifts.reduce((sum, [, { top1 }]) => sum + top1, 0) / shifts.length;
      const rows = [...shifts.map(([name, { top1 }]) => [name, percent(top1)]), ['mean', percent(mean)]];
      console.log(`\n${table(['shifted', 'top-1'], rows, [1])}`);
    });
}
