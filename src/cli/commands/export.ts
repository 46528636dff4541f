// vitune export: a finished run in the form that another library loads, checked against the run.
import { Command, InvalidArgumentError, Option } from 'commander';
import { exportRun } from '../../exchange/export-run.ts';
import { exportTargets } from '../../exchange/targets.ts';
import { devices } from '../../runtime/session.ts';
import type { UseFlags } from '../flags.ts';
import { percent, printJson } from '../output.ts';

interface Flags extends Pick<UseFlags, 'model' | 'device'> {
  readonly to: string;
  readonly out: string;
  readonly fp16?: boolean;
  readonly int8?: boolean;
  readonly pictures?: number;
  readonly data?: string;
  readonly json?: boolean;
}

function atLeastOne(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('must be a whole number from 1');
  return n;
}

export function exportCommand(): Command {
  const targets = exportTargets.map(({ name, help }) => `${name} = ${help}`).join('; ');
  return new Command('export')
    .description('write a finished run in the form that another library loads, and check it')
    .argument('<run>', 'folder of a finished run')
    .addOption(
      new Option('--to <target>', targets).choices(exportTargets.map(({ name }) => name)).makeOptionMandatory(),
    )
    .requiredOption('--out <folder>', 'a new folder')
    .option('--fp16', 'onnx: also a model with its matrices in half precision')
    .option('--int8', 'onnx: also a model with its layers in whole numbers')
    .option('--pictures <n>', "the run's test pictures to check on, at most (default 256)", atLeastOne)
    .option('--data <folder>', 'where the data lies now, if it was moved')
    .option('--model <folder>', 'where the backbone lies now, if it was moved')
    .addOption(new Option('--device <name>', 'where to run').choices([...devices]).default('cpu'))
    .option('--json', 'print the certificates as JSON')
    .action(async (run: string, flags: Flags) => {
      const { folder, certificates } = await exportRun(run, flags);
      if (flags.json) return printJson({ folder, models: certificates });
      for (const { what, pictures, of, largestLogitDifference: d, top1Agreement } of certificates)
        console.log(
          `${what}: logits differ by at most ${d.toExponential(1)}, ${percent(top1Agreement)} same class (${pictures} pictures, ${of})`,
        );
      console.log(`exported to ${folder}`);
    });
}
