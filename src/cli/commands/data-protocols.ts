// vitune data protocols: the protocols and what each decides silently, from the registry.
import { Command } from 'commander';
import { ruleOf } from '../../base/options.ts';
import { protocolNamed, protocols } from '../../data/protocols/index.ts';
import { flagName } from '../flags.ts';
import { printJson, table } from '../output.ts';

export function dataProtocols(): Command {
  return new Command('protocols')
    .description('list the protocols, or show one with its options and silent choices')
    .argument('[name]', 'a protocol')
    .option('--json', 'print as JSON')
    .action((name: string | undefined, flags: { json?: boolean }) => {
      const chosen = name === undefined ? protocols : [protocolNamed(name)];
      if (flags.json)
        return printJson(
          chosen.map(({ name, summary, options, choices, training }) => ({
            name,
            summary,
            options,
            choices,
            training,
          })),
        );
      if (name === undefined)
        return console.log(
          table(
            ['protocol', ''],
            protocols.map((p) => [p.name, p.summary]),
          ),
        );
      const [{ summary, choices, options, training = {} }] = chosen as [(typeof protocols)[number]];
      console.log(`${name}: ${summary}\n`);
      for (const [choice, text] of Object.entries(choices)) console.log(`${choice.padEnd(14)} ${text}`);
      if (Object.keys(training).length > 0)
        console.log(
          `training       ${Object.entries(training)
            .map((entry) => entry.join(' '))
            .join(', ')}`,
        );
      const rows = Object.entries(options).map(([option, o]) => [
        flagName(name, option),
        o.help,
        ruleOf(o),
        String(o.default),
      ]);
      if (rows.length > 0) console.log(`\n${table(['option', '', 'must be', 'default'], rows)}`);
    });
}
