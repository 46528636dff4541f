// vitune data prepare: writes a full set in a protocol's layout.
import { Command, Option } from 'commander';
import { OptionError } from '../../base/errors.ts';
import { parseOptions } from '../../base/options.ts';
import { openListing } from '../../data/sources/index.ts';
import { prepareVtab1k } from '../../data/vtab-layout.ts';
import { dataOptions } from '../../train/training-options.ts';
import { addFlags, valuesFrom } from '../flags.ts';
import { printJson } from '../output.ts';

const { source, testFraction, splitSeed } = dataOptions;
const options = { source, testFraction, splitSeed };

export function dataPrepare(): Command {
  const command = new Command('prepare')
    .description('write a full set in the layout of a protocol')
    .argument('<protocol>', 'vtab-1k: 800 + 200 training pictures, all test pictures, four lists')
    .argument('<data>', 'anything that train takes')
    .argument('<out>', 'a new folder')
    .addOption(new Option('--json', 'print the counts as JSON'));
  addFlags(command, options, 'data prepare');
  return command.action(
    async (protocol: string, data: string, out: string, flags: Record<string, unknown> & { json?: boolean }) => {
      if (protocol !== 'vtab-1k')
        throw new OptionError(`data prepare: ${protocol} has no layout of its own; only vtab-1k does`);
      const { source, testFraction, splitSeed } = parseOptions('data prepare', options, valuesFrom(flags, options));
      const counts = await prepareVtab1k(await openListing(data, { source }), out, { testFraction, seed: splitSeed });
      if (flags.json) return printJson({ out, ...counts });
      console.log(`${out}: ${counts.train800} + ${counts.val200} training pictures, ${counts.test} for test`);
      console.log(`vitune train ${out} --protocol vtab-1k`);
    },
  );
}
