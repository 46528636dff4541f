// vitune ui: the dashboard of a study store and of single runs.
import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { OptionError } from '../../base/errors.ts';
import { studyEnvironment } from '../../studies/environment.ts';
import { startUi } from '../../web/server/server.ts';
import { dbOption } from '../study/options.ts';

interface Flags {
  readonly db: string;
  readonly runs: string;
  readonly port: number;
  readonly host: string;
}

const defaultPort = 4173;

function portNumber(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0 || n > 65535)
    throw new OptionError(`ui: option --port must be a whole number from 0 (any) to 65535, got "${text}"`);
  return n;
}

export function ui(): Command {
  return new Command('ui')
    .description('show studies and runs in the browser: progress, results, predictions')
    .addOption(dbOption())
    .option('--runs <folder>', "folder of vitune train's runs, shown beside the studies", 'runs')
    .option('--port <n>', `where to listen (0 = any free port; default ${defaultPort})`, portNumber, defaultPort)
    .option('--host <address>', 'an address other than 127.0.0.1 lets other machines in, with a token', '127.0.0.1')
    .action(async ({ db, runs, port, host }: Flags) => {
      const remote = !['127.0.0.1', 'localhost', '::1'].includes(host);
      const token = remote ? randomBytes(24).toString('base64url') : undefined;
      const command = [process.execPath, ...process.execArgv, process.argv[1]!];
      const served = await startUi({
        db,
        runs,
        host,
        port,
        command,
        environment: studyEnvironment(),
        ...(token !== undefined && { token }),
      });
      console.log(`http://${host.includes(':') ? `[${host}]` : host}:${served.port}/${token ? `?token=${token}` : ''}`);
      const stop = () => void served.close().then(() => process.exit(0));
      process.once('SIGINT', stop).once('SIGTERM', stop);
    });
}
