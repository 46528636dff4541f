// vitune study: many runs by a plan, tuned fairly, resumed after any stop.
import { Command } from 'commander';
import { commandWords, loadVerbs, type Verbs } from '../verbs.ts';

const verbs: Verbs = {
  plan: async () => (await import('../study/plan.ts')).plan(),
  run: async () => (await import('../study/run.ts')).run(),
  status: async () => (await import('../study/status.ts')).status(),
  pause: async () => (await import('../study/status.ts')).pause(),
  resume: async () => (await import('../study/run.ts')).resume(),
  results: async () => (await import('../study/results.ts')).results(),
  export: async () => (await import('../study/exchange.ts')).exportVerb(),
  import: async () => (await import('../study/exchange.ts')).importVerb(),
};

export async function study(): Promise<Command> {
  const command = new Command('study').description('compare methods: tune, choose, test, by a plan');
  for (const verb of await loadVerbs(verbs, commandWords()[1])) command.addCommand(verb);
  return command;
}
