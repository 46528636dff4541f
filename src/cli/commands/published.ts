// vitune published: the published study's tables, recomputed from its released results.
import { Argument, Command, Option } from 'commander';
import { loadPublishedStudy } from '../../analysis/published/load.ts';
import { type PublishedTopic, publishedSections, publishedTopics } from '../../analysis/published/tables.ts';
import { type Table, toCsvRows, toObjects } from '../../analysis/table.ts';
import { encodeCsv } from '../../formats/csv.ts';
import { printJson, printTable } from '../output.ts';

/** Wider tables are cut for the terminal: JSON and CSV have every column. */
const terminalColumns = 10;

export function published(): Command {
  return new Command('published')
    .description("print the published study's tables (arXiv 2409.16434), recomputed from its released results")
    .addArgument(new Argument('<topic>', 'which part of the study').choices(publishedTopics))
    .addOption(new Option('--json', 'print all tables as JSON').conflicts('csv'))
    .option('--csv <name>', 'print one table as CSV, by the name it has in JSON')
    .action((topic: PublishedTopic, flags: { json?: boolean; csv?: string }, command: Command) => {
      const study = loadPublishedStudy();
      const sections = publishedSections(study, topic);
      if (flags.json)
        return printJson({
          source: study.source,
          ...Object.fromEntries(sections.map(({ name, table }) => [name, toObjects(table)])),
        });
      if (flags.csv !== undefined) {
        const section = sections.find(({ name }) => name === flags.csv);
        if (!section)
          return command.error(
            `error: --csv ${flags.csv}: no such table; ${topic} has ${sections.map(({ name }) => name).join(', ')}`,
          );
        process.stdout.write(encodeCsv(toCsvRows(section.table)));
        return;
      }
      for (const { title, note, table } of sections) {
        const cut = cutColumns(table, terminalColumns);
        console.log(`${title}\n${note}\n\n${printTable(cut)}\n`);
        if (cut !== table) console.log(`(${table.columns.length - terminalColumns} more columns: --json or --csv)\n`);
      }
      console.log(`Source: ${study.source.paper}, results released at ${study.source.released}`);
    });
}

function cutColumns(table: Table, most: number): Table {
  if (table.columns.length <= most) return table;
  return { columns: table.columns.slice(0, most), rows: table.rows.map((row) => row.slice(0, most)) };
}
