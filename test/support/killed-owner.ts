// An owner of an embedded store that is killed while it has it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cliPath } from './cli.ts';

/** Opens the store as a study does, does `last` with it (JavaScript: what is called on the store), and is killed. How it exited. */
export async function killOwner(db: string, last: string): Promise<unknown[]> {
  const module = (name: string) => pathToFileURL(join(dirname(dirname(cliPath)), 'study', name)).href;
  const program = `
    const { openDatabase } = await import('${module('open.js')}');
    const { openStore } = await import('${module('store.js')}');
    await openStore(await openDatabase(${JSON.stringify(db)}, 'study')).${last};
    process.kill(process.pid, 'SIGKILL');`;
  return once(spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' }), 'exit');
}
