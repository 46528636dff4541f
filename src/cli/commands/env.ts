// vitune env: versions and devices, for bug reports.
import { Command } from 'commander';
import { DeviceError } from '../../base/errors.ts';
import { cacheFolder } from '../../data/cache.ts';
import { nodeRuntime, openRuntime } from '../../runtime/node.ts';
import { type Device, devices } from '../../runtime/session.ts';
import { environment } from '../../train/environment.ts';
import { bytes, printJson } from '../output.ts';

export function env(): Command {
  return new Command('env')
    .description('show versions, machine and devices')
    .option('--json', 'print as JSON')
    .action(async (flags: { json?: boolean }) => {
      const { device: _device, microBatch: _size, ...facts } = environment(nodeRuntime(), 0);
      const works: Record<string, string> = {};
      for (const device of devices) works[device] = await stateOf(device);
      if (flags.json) return printJson({ ...facts, cache: cacheFolder(), devices: works });
      const { memoryBytes, ...rest } = facts;
      for (const [name, value] of Object.entries({ ...rest, memory: bytes(memoryBytes), cache: cacheFolder() }))
        console.log(`${name.padEnd(9)} ${value}`);
      for (const [device, state] of Object.entries(works)) console.log(`--device ${device}: ${state}`);
    });
}

/** `works`, or why not: found out by running something there. */
async function stateOf(device: Device): Promise<string> {
  try {
    await openRuntime({ device });
    return 'works';
  } catch (error) {
    if (error instanceof DeviceError) return error.message.replace(`--device ${device}: `, '');
    throw error;
  }
}
