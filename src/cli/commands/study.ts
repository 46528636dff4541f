// vitune study: many runs by a plan, tuned fairly, resumed after any stop.
import { Command } from 'commander';
import { exportVerb, importVerb } from '../study/exchange.ts';
import { pause, results, status } from '../study/look.ts';
import { plan } from '../study/plan.ts';
import { resume, run } from '../study/run.ts';

export function study(): Command {
  const command = new Command('study').description('compare methods: tune, choose, test, by a plan');
  for (const verb of [plan, run, status, pause, resume, results, exportVerb, importVerb]) command.addCommand(verb());
  return command;
}
