// vitune data list: the sets, suites and corruptions that come with the package.
import { Command } from 'commander';
import { builtinSets, factsOf, suites } from '../../data/builtin/index.ts';
import { corruptions } from '../../data/corruptions/index.ts';
import { printJson, table } from '../output.ts';

export function dataList(): Command {
  return new Command('list')
    .description('list the built-in sets, suites and corruptions')
    .option('--json', 'print as JSON')
    .action((flags: { json?: boolean }) => {
      const suiteFacts = suites.map(({ name, summary, sets }) => ({
        name,
        summary,
        sets: sets.map((set) => set.name),
      }));
      const corruptionFacts = corruptions.map(({ name, group, summary }) => ({ name, group, summary }));
      if (flags.json)
        return printJson({ sets: builtinSets.map(factsOf), suites: suiteFacts, corruptions: corruptionFacts });
      const rows = builtinSets.map((set) => [set.name, set.group, String(set.classes.length), set.summary]);
      console.log(table(['set', 'group', 'classes', 'what is asked'], rows, [2]));
      console.log();
      console.log(
        table(
          ['suite', 'sets'],
          suiteFacts.map(({ name, sets }) => [name, sets.join(', ')]),
        ),
      );
      console.log();
      console.log(
        table(
          ['corruption', 'kind', 'what it does'],
          corruptionFacts.map(({ name, group, summary }) => [name, group, summary]),
        ),
      );
      console.log(
        '\nTrain on a set by its name: vitune train shapes/count. corruptions:DATA is any data with every corruption of its test pictures, at five severities, as shifted test sets.',
      );
    });
}
