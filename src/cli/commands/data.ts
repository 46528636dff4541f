// vitune data: what can be done with a data set without training. A plain list of subcommands, one file each.
import { Command } from 'commander';
import { dataCheck } from './data-check.ts';
import { dataList } from './data-list.ts';
import { dataPrepare } from './data-prepare.ts';
import { dataProtocols } from './data-protocols.ts';
import { dataShow } from './data-show.ts';

const subcommands = [dataList, dataShow, dataCheck, dataPrepare, dataProtocols];

export function data(): Command {
  const command = new Command('data').description(
    'list the built-in sets, show, check and prepare any, list the protocols',
  );
  for (const subcommand of subcommands) command.addCommand(subcommand());
  return command;
}
