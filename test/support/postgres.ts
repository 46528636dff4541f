// A PostgreSQL server of a test's own: a fresh cluster in a temporary folder, on a free port of this machine. PostgreSQL
// refuses to run as root, so root's tests run it as the user postgres.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { appendFile, chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The newest installed server's binaries; undefined = none. */
export function postgresBinaries(): string | undefined {
  const root = '/usr/lib/postgresql'; // Debian's layout
  const versions = existsSync(root)
    ? readdirSync(root)
        .map(Number)
        .sort((a, b) => b - a)
    : [];
  const folders = [
    process.env.VITUNE_TEST_POSTGRES ?? '',
    ...versions.map((version) => join(root, String(version), 'bin')),
  ];
  return folders.find((folder) => folder !== '' && existsSync(join(folder, 'initdb')));
}

export interface Server {
  readonly url: string;
  /** Stops without waiting for clients (`immediate`: without a checkpoint either, as a crash does) and starts again. */
  restart(mode: 'fast' | 'immediate'): void;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** `network`: an address of this machine beside 127.0.0.1, and who may come from there, as `10.0.0.1/30`. */
export async function startPostgres(binaries: string, network?: string): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'vitune-postgres-'));
  const isRoot = process.getuid?.() === 0;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const user = isRoot ? { uid: id('-u'), gid: id('-g') } : {};
  if (isRoot) await chown(folder, id('-u'), id('-g'));
  const run = (program: string, ...args: string[]) => {
    const { status, stderr } = spawnSync(join(binaries, program), args, {
      ...user,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  };
  const data = join(folder, 'data');
  const log = join(folder, 'log');
  const port = await freePort();
  run('initdb', '-D', data, '-U', 'vitune', '-A', 'trust', '--no-sync', '--locale=C', '-E', 'UTF8');
  const address = network?.split('/')[0];
  if (network) await appendFile(join(data, 'pg_hba.conf'), `host all all ${network} trust\n`);
  const options = `-h 127.0.0.1${address ? `,${address}` : ''} -p ${port} -k ${folder}`;
  const start = () => run('pg_ctl', '-D', data, '-w', '-l', log, '-o', options, 'start');
  start();
  return {
    url: `postgres://vitune@${address ?? '127.0.0.1'}:${port}/postgres`,
    restart(mode) {
      run('pg_ctl', '-D', data, '-w', '-m', mode, 'stop');
      start();
    },
    async stop() {
      run('pg_ctl', '-D', data, '-w', '-m', 'immediate', 'stop');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
