// vitune env: versions and devices, for bug reports.
import { Command } from 'commander';
import { cacheFolder } from '../../data/cache.ts';
import { availableDevices, nodeRuntime } from '../../runtime/node.ts';
import { environment } from '../../train/environment.ts';
import { bytes, printJson } from '../output.ts';

export function env(): Command {
  return new Command('env')
    .description('show versions, machine and devices')
    .option('--json', 'print as JSON')
    .action((flags: { json?: boolean }) => {
      const { device: _device, microBatch: _size, ...facts } = environment(nodeRuntime(), 0);
      const all = { ...facts, providers: availableDevices(), cache: cacheFolder() };
      if (flags.json) return printJson(all);
      for (const [name, value] of Object.entries(all))
        console.log(
          `${name.padEnd(12)} ${name === 'memoryBytes' ? bytes(value as number) : Array.isArray(value) ? value.join(', ') : String(value)}`,
        );
    });
}
