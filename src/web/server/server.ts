// The dashboard's server: a viewer of the study store on this machine. Studies are other processes, and go on when it ends.
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { RunError } from '../../base/errors.ts';
import type { StudyEnvironment } from '../../study/environment.ts';
import { actions } from './actions.ts';
import { adapters } from './adapters.ts';
import { loadAssets } from './assets.ts';
import { liveView } from './live.ts';
import { studyPictures } from './pictures.ts';
import { routes } from './routes.ts';
import { singleRuns } from './single-runs.ts';
import { leaseStore } from './store-lease.ts';
import { views } from './views.ts';

export interface UiOptions {
  readonly db: string;
  /** Folder of `vitune train`'s runs; need not be there. */
  readonly runs: string;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Needed where `host` can be reached from other machines. */
  readonly token?: string;
  /** Program and arguments that run vitune, before its verb. */
  readonly command: readonly string[];
  /** What plans are checked against. */
  readonly environment: StudyEnvironment;
}

export interface Ui {
  readonly port: number;
  close(): Promise<void>;
}

/** Milliseconds: a client that takes longer for its headers, for a whole request, or stops reading or writing is cut off. */
const limits = { headersTimeout: 5_000, requestTimeout: 20_000, keepAliveTimeout: 5_000, idle: 30_000 };
/** Browsers hold a few connections a tab. */
const maxConnections = 128;

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken =
        cause.code === 'EADDRINUSE' ? 'is taken; give another one by --port' : `can't be used (${cause.code})`;
      reject(new RunError(`ui: port ${port} on ${host} ${taken}`, { cause }));
    });
    server.listen(port, host, () => resolve((server.address() as { port: number }).port));
  });
}

/** Serves until it is closed. Throws RunError where the port is taken or the pages weren't built. */
export async function startUi({ db, runs, host, port: wanted, token, command, environment }: UiOptions): Promise<Ui> {
  const lease = leaseStore(db);
  const live = liveView(lease);
  const tried = adapters(lease);
  const pictures = studyPictures();
  let port = wanted;
  const app = routes(
    {
      ...{ lease, live, adapters: tried, pictures, views: views(lease, pictures), assets: loadAssets() },
      singleRuns: singleRuns(runs),
      actions: actions({ db, lease, command, environment }),
      planPresets: environment.presets,
    },
    { port: () => port, ...(token !== undefined && { token }) },
  );
  const { idle, ...times } = limits;
  const server = createServer({ ...times, connectionsCheckingInterval: 1000 }, getRequestListener(app.fetch));
  server.maxConnections = maxConnections;
  server.setTimeout(idle);
  port = await listen(server, host, wanted);
  return {
    port,
    async close() {
      live.close();
      server.close();
      server.closeAllConnections();
      await tried.close();
      await lease.close();
    },
  };
}
