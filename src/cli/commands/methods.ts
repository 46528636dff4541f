// vitune methods: what there is to train, from the registry.
import { Command } from 'commander';
import { ruleOf } from '../../base/options.ts';
import { mergesByDefault, methodNamed, methods as registry } from '../../methods/index.ts';
import { kebab } from '../flags.ts';
import { printJson, table } from '../output.ts';

const starts = {
  pretrained: 'exactly the pre-trained network',
  near: "close to the pre-trained network, by the paper's own choice",
  other: 'another function than the pre-trained network',
} as const;

export function methods(): Command {
  return new Command('methods')
    .description('list the methods, or show one with its options')
    .argument('[name]', 'a method')
    .option('--json', 'print as JSON')
    .action((name: string | undefined, flags: { json?: boolean }) => {
      const chosen = name === undefined ? registry : [methodNamed(name)];
      if (flags.json)
        return printJson(
          chosen.map(({ name, summary, paper, options, count, learningRate, start, strength }) => ({
            name,
            summary,
            paper,
            options,
            count,
            learningRate,
            start,
            strength,
            merges: mergesByDefault(methodNamed(name)),
          })),
        );
      if (name === undefined) {
        console.log(
          table(
            ['method', 'trains', 'parameters without the head'],
            registry.map((m) => [m.name, m.summary, m.count]),
          ),
        );
        console.log(
          '\nC: width, H: hidden width of the MLP, M = H / C, L: blocks; other names are options (vitune methods NAME)',
        );
        return;
      }
      const method = chosen[0]!;
      console.log(`${method.name}: ${method.summary}\n${method.paper.title}\n${method.paper.url}`);
      console.log(`parameters without the head: ${method.count}`);
      console.log(`learning rate where none is given: ${method.learningRate}`);
      console.log(`start: ${starts[method.start]}`);
      console.log(`merges into plain weights: ${mergesByDefault(method) ? 'yes' : 'no'}`);
      console.log(
        `between pre-trained and tuned (--wise-alpha): ${method.strength ?? 'trained weights are interpolated'}`,
      );
      const rows = Object.entries(method.options).map(([option, o]) => [
        `--${method.name}-${kebab(option)}`,
        o.help,
        ruleOf(o),
        Array.isArray(o.default) ? o.default.join(',') : String(o.default),
        o.grid ? o.grid.join(', ') : '',
      ]);
      if (rows.length > 0) console.log(`\n${table(['option', '', 'must be', 'default', "study's grid"], rows)}`);
    });
}
