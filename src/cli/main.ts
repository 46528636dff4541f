#!/usr/bin/env node
// The command line: one file a verb in commands/. Errors that vitune foresaw are one line (and their facts), exit code 1;
// wrong usage exits with 2, an interrupted run with 130.
import { Command, CommanderError } from 'commander';
import { messageOf, OptionError, VituneError } from '../base/errors.ts';
import { nearest } from '../base/suggest.ts';
import { vituneVersion } from '../train/environment.ts';
import { commandWords, loadVerbs, type Verbs } from './verbs.ts';

const verbs: Verbs = {
  train: async () => (await import('./commands/train.ts')).train(),
  evaluate: async () => (await import('./commands/evaluate.ts')).evaluate(),
  predict: async () => (await import('./commands/predict.ts')).predict(),
  advise: async () => (await import('./commands/advise.ts')).advise(),
  export: async () => (await import('./commands/export.ts')).exportCommand(),
  import: async () => (await import('./commands/import.ts')).importCommand(),
  push: async () => (await import('./commands/push.ts')).push(),
  study: async () => (await import('./commands/study.ts')).study(),
  worker: async () => (await import('./commands/worker.ts')).worker(),
  ui: async () => (await import('./commands/ui.ts')).ui(),
  report: async () => (await import('./commands/report.ts')).report(),
  data: async () => (await import('./commands/data.ts')).data(),
  methods: async () => (await import('./commands/methods.ts')).methods(),
  models: async () => (await import('./commands/models.ts')).models(),
  pull: async () => (await import('./commands/pull.ts')).pull(),
  published: async () => (await import('./commands/published.ts')).published(),
  env: async () => (await import('./commands/env.ts')).env(),
};

/** A command and all below it. */
const withParts = (command: Command): Command[] => [command, ...command.commands.flatMap(withParts)];

async function build(): Promise<Command> {
  const program = new Command('vitune')
    .description('Fine-tune vision transformers with few parameters, and see which method to trust')
    .version(vituneVersion)
    .option('--debug', 'print the stack trace of an error');
  for (const verb of await loadVerbs(verbs, commandWords()[0])) program.addCommand(verb);
  program.addHelpText('after', '\nTo start: vitune train PICTURES (a folder of class folders)');
  for (const command of withParts(program))
    command
      .exitOverride()
      .configureOutput({ outputError: () => {} })
      .showSuggestionAfterError(false);
  return program;
}

/** commander's own complaints, with the nearest option where one is near. */
function usageLine(error: CommanderError, program: Command): string {
  const message = error.message.replace(/^error: /, '');
  const called = (c: Command) => process.argv.includes(c.name());
  const verb = program.commands.find(called);
  if (error.code === 'commander.missingArgument') return `${message}; usage: vitune ${verb?.name()} ${verb?.usage()}`;
  const unknown = /unknown (option|command) '([^']+)'/.exec(message);
  if (!unknown) return message;
  const command = verb?.commands.find(called) ?? verb ?? program;
  const known =
    unknown[1] === 'command' ? command.commands.map((c) => c.name()) : command.options.map((o) => o.long ?? '');
  const near = nearest(unknown[2]!, known);
  const words = ['vitune', ...[verb, command].filter((c) => c !== program && c !== undefined).map((c) => c!.name())];
  return near
    ? `${message}; did you mean ${near}?`
    : `${message}; ${[...new Set(words)].join(' ')} --help lists what there is`;
}

// `vitune published vtab | head` closes the pipe early: no error, there is no one left to read.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const program = await build();
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) process.exit(0); // --help, --version
    // A verb without its own verb has printed its help.
    if (error.code !== 'commander.help') console.error(`vitune: ${usageLine(error, program)}`);
    process.exit(2);
  }
  console.error(`vitune: ${messageOf(error)}`);
  if (error instanceof VituneError) for (const line of error.lines) console.error(line);
  if (program.opts().debug || !(error instanceof VituneError))
    console.error(error instanceof Error ? error.stack : error);
  process.exit(error instanceof OptionError ? 2 : 1);
}
