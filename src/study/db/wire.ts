// Sessions over a local socket, for the processes beside the one that owns the database. A frame is a length (u32, big
// endian) and a value in V8's serialization, which keeps dates and bytes; the socket lies in a folder that only the owner's
// user may enter. PostgreSQL's own protocol would not do here: PGlite has a single backend, and the unnamed statements of
// two clients would overwrite each other.
import { createConnection, createServer, type Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';
import { messageOf } from '../../base/errors.ts';
import { ConnectionLost, type SqlResult, type SqlSession, type SqlSource, type TransactionEnd } from './session.ts';

interface Request {
  readonly id: number;
  readonly session: number;
  /** `begin` is a transaction's first query. */
  readonly call: 'query' | 'begin' | 'end' | 'release';
  readonly text?: string;
  readonly values?: readonly unknown[];
  readonly how?: TransactionEnd;
}
interface Response {
  readonly id: number;
  readonly result?: SqlResult | undefined;
  readonly error?: { readonly message: string; readonly code?: string | undefined };
}

/** Adapters of the largest models have some hundred megabytes. */
const maxFrameBytes = 1 << 30;

function send(socket: Socket, value: Request | Response): void {
  const body = serialize(value);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  socket.write(Buffer.concat([head, body]));
}

/** Calls `take` with each whole frame; a frame beyond the limit ends the connection. */
function onFrames(socket: Socket, take: (value: unknown) => void): void {
  let chunks: Buffer[] = [];
  let held = 0;
  let wanted = 4;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    held += chunk.length;
    if (held < wanted) return;
    let bytes = Buffer.concat(chunks);
    for (;;) {
      wanted = 4;
      if (bytes.length < 4) break;
      const length = bytes.readUInt32BE(0);
      if (length > maxFrameBytes) return void socket.destroy(new Error(`a frame of ${length} bytes is too long`));
      wanted = 4 + length;
      if (bytes.length < wanted) break;
      take(deserialize(bytes.subarray(4, wanted)));
      bytes = bytes.subarray(wanted);
    }
    chunks = [bytes];
    held = bytes.length;
  });
}

/** Serves the source's sessions at `path`; returns what ends that. A client that goes takes its open transactions with it. */
export async function serve(source: SqlSource, path: string): Promise<() => void> {
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    const sessions = new Map<number, SqlSession>();
    const answer = async ({ id, session: number, call, text, values, how }: Request): Promise<Response> => {
      const session = sessions.get(number) ?? source.session();
      sessions.set(number, session);
      try {
        switch (call) {
          case 'begin':
            await session.begin();
            return { id, result: await session.query(text!, values!) };
          case 'query':
            return { id, result: await session.query(text!, values!) };
          case 'end':
            await session.end(how!);
            break;
          case 'release':
            sessions.delete(number);
            await session.release();
        }
        return { id };
      } catch (error) {
        return { id, error: { message: messageOf(error), code: (error as { code?: string }).code } };
      } finally {
        // It went while it waited for its turn: nobody will end what it began.
        if (socket.destroyed) await session.release().catch(() => {});
      }
    };
    onFrames(socket, (request) => {
      void answer(request as Request).then((response) => {
        if (!socket.destroyed) send(socket, response);
      });
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clients.delete(socket);
      for (const session of sessions.values()) void session.release().catch(() => {});
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return () => {
    server.close();
    for (const client of clients) client.destroy();
  };
}

/** Connects to `path`; rejects where nobody listens. */
export function connectSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

/** Resolves when nobody listens at `path` any more, or after so many milliseconds. */
export async function departure(path: string, patience: number): Promise<void> {
  const socket = await connectSocket(path).catch(() => undefined);
  await new Promise<void>((resolve) => {
    if (!socket) return resolve();
    socket.on('error', () => {}).once('close', () => resolve());
    socket.setTimeout(patience, () => socket.destroy()).resume();
  });
}

/** The sessions of the database served at the path that `locate` gives; connects anew after a loss. */
export function remoteSource(locate: () => Promise<string>): SqlSource {
  let connection:
    | Promise<{ call(request: Omit<Request, 'id'>): Promise<SqlResult | undefined>; close(): void }>
    | undefined;
  let closed = false;
  const connect = async () => {
    const socket = await connectSocket(await locate());
    const waiting = new Map<number, { resolve(r: SqlResult | undefined): void; reject(e: Error): void }>();
    let next = 0;
    let lost = false;
    const lose = () => {
      if (lost) return; // an error is followed by a close
      lost = true;
      connection = undefined;
      for (const { reject } of waiting.values()) reject(new ConnectionLost('the study process is gone'));
      waiting.clear();
    };
    socket.on('error', lose).on('close', lose);
    onFrames(socket, (value) => {
      const { id, result, error } = value as Response;
      const caller = waiting.get(id);
      waiting.delete(id);
      if (error) caller?.reject(Object.assign(new Error(error.message), { code: error.code }));
      else caller?.resolve(result);
    });
    return {
      call: (request: Omit<Request, 'id'>) =>
        new Promise<SqlResult | undefined>((resolve, reject) => {
          if (socket.destroyed) return reject(new ConnectionLost('the study process is gone'));
          const id = next++;
          waiting.set(id, { resolve, reject });
          send(socket, { ...request, id });
        }),
      close: () => void socket.destroy(),
    };
  };
  const connected = () => {
    if (closed) throw new ConnectionLost('the study store was closed');
    connection ??= connect().catch((error: unknown) => {
      connection = undefined;
      throw error;
    });
    return connection;
  };
  let sessions = 0;
  return {
    session() {
      const session = sessions++;
      // A session never outlives its connection: a transaction must not go on in another one.
      let link: ReturnType<typeof connected> | undefined;
      let begins = false;
      const call = async (request: Omit<Request, 'id' | 'session'>) => {
        link ??= connected();
        return (await link).call({ ...request, session });
      };
      return {
        async query(text, values) {
          const kind = begins ? 'begin' : 'query';
          begins = false;
          return (await call({ call: kind, text, values }))!;
        },
        // Every message costs two changes of process, so a transaction begins with its first query, and nobody waits for a release.
        async begin() {
          begins = true;
        },
        async end(how) {
          if (!begins) await call({ call: 'end', how });
          begins = false;
        },
        async release() {
          if (link) call({ call: 'release' }).catch(() => {});
        },
      };
    },
    async close() {
      closed = true;
      await connection?.then((c) => c.close()).catch(() => {});
    },
  };
}
