// vitune data: what can be done with a data set without training. A plain list of subcommands, one file each.
import { Command } from 'commander';
import { dataCheck } from './data-check.ts';
import { dataPrepare } from './data-prepare.ts';
import { dataProtocols } from './data-protocols.ts';

const subcommands = [dataCheck, dataPrepare, dataProtocols];

export function data(): Command {
  const command = new Command('data').description('check and prepare data sets, list the protocols');
  for (const subcommand of subcommands) command.addCommand(subcommand());
  return command;
}
