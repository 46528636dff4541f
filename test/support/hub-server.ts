// A server that speaks as much of the hub's protocol as pulling and pushing use, and can misbehave as the real one, and what
// lies between, do.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StoredFile {
  readonly bytes: Uint8Array;
  /** Stored as a large file: SHA-256, and served by another host. */
  readonly lfs?: boolean;
  /** What the listing says instead of the truth. */
  readonly listed?: { readonly path?: string; readonly oid?: string; readonly size?: number };
}

export interface Faults {
  /** Answer 429 with Retry-After this often before anything else. */
  busy?: number;
  /** Cut the connection after so many bytes of a file, this often. */
  cuts?: { after: number; times: number };
  /** Send whole files whatever range is asked for. */
  ignoresRanges?: boolean;
  /** Serve other bytes than those listed. */
  garbled?: boolean;
  /** Send more bytes than listed. */
  endless?: boolean;
}

export interface HubServer {
  readonly url: string;
  readonly commit: string;
  readonly files: Map<string, StoredFile>;
  readonly faults: Faults;
  /** Requests so far, `GET /path bytes=0-`. */
  readonly log: string[];
  /** Authorization headers that reached the host of large files. */
  readonly leaked: string[];
  /** Required of every request to the hub itself. */
  token: string | undefined;
  /** Of a repository that was made. */
  readonly visibility?: string;
  close(): Promise<void>;
}

export const gitHash = (bytes: Uint8Array) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const listen = (handler: (request: IncomingMessage, response: ServerResponse) => void) => {
  const server = createServer(handler);
  return new Promise<{ url: string; close: () => Promise<void> }>((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () =>
          new Promise((done) => {
            server.closeAllConnections();
            server.close(() => done());
          }),
      }),
    ),
  );
};

/** Serves the model `org/name` at `commit`, branch `main`. */
export async function startHub(name: string): Promise<HubServer> {
  const commit = 'c0ffee'.padEnd(40, '0');
  const state: {
    files: Map<string, StoredFile>;
    faults: Faults;
    log: string[];
    leaked: string[];
    token?: string;
    visibility?: string;
  } = {
    files: new Map(),
    faults: {},
    log: [],
    leaked: [],
  };

  const send = (file: StoredFile, request: IncomingMessage, response: ServerResponse) => {
    const { faults } = state;
    const bytes = faults.garbled ? file.bytes.map((x) => x ^ 1) : file.bytes;
    const range = faults.ignoresRanges ? undefined : /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    const start = Number(range ?? 0);
    const body = faults.endless ? Buffer.concat([bytes, bytes]) : bytes.subarray(start);
    const cut = faults.cuts && faults.cuts.times > 0 ? faults.cuts : undefined;
    response.writeHead(range === undefined ? 200 : 206, {
      ...(faults.endless ? {} : { 'content-length': body.length }),
      ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    });
    if (!cut) return void response.end(body);
    cut.times--;
    response.write(body.subarray(0, cut.after), () => setTimeout(() => response.destroy(), 20));
  };

  /** Large files that came, by hash. */
  const uploads = new Map<string, Uint8Array>();
  const bodyOf = async (request: IncomingMessage) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };
  /** Making a repository, and a commit: which files are large, their bytes, then the list of all. */
  const receive = async (pathname: string, request: IncomingMessage): Promise<unknown> => {
    const body = await bodyOf(request);
    if (pathname === '/api/repos/create') {
      const asked = JSON.parse(body.toString()) as { visibility: string };
      state.visibility = asked.visibility;
      return { url: `${hub.url}/${name}`, id: name };
    }
    if (pathname === `/api/models/${name}/preupload/main`) {
      const { files } = JSON.parse(body.toString()) as { files: { path: string }[] };
      return {
        files: files.map(({ path }) => ({ path, uploadMode: /safetensors|onnx$/.test(path) ? 'lfs' : 'regular' })),
      };
    }
    if (pathname === `/${name}.git/info/lfs/objects/batch`) {
      const { objects } = JSON.parse(body.toString()) as { objects: { oid: string; size: number }[] };
      const actions = (oid: string) => ({ upload: { href: `${hub.url}/upload/${oid}`, header: {} } });
      return { transfer: 'basic', objects: objects.map(({ oid, size }) => ({ oid, size, actions: actions(oid) })) };
    }
    if (pathname.startsWith('/upload/')) {
      uploads.set(pathname.slice('/upload/'.length), body);
      return {};
    }
    if (pathname !== `/api/models/${name}/commit/main`) throw new Error(`unknown ${request.method} ${pathname}`);
    for (const line of body.toString().trim().split('\n')) {
      const { key, value } = JSON.parse(line) as { key: string; value: { path: string; content: string; oid: string } };
      if (key === 'file') state.files.set(value.path, { bytes: Buffer.from(value.content, 'base64') });
      if (key === 'lfsFile') state.files.set(value.path, { bytes: uploads.get(value.oid)!, lfs: true });
    }
    return { commitUrl: `${hub.url}/${name}/commit/${commit}`, commitOid: commit, hookOutput: '' };
  };

  const storage = await listen((request, response) => {
    if (request.headers.authorization) state.leaked.push(request.headers.authorization);
    send([...state.files.values()].find((file) => request.url === `/${sha256(file.bytes)}`)!, request, response);
  });
  const hub = await listen((request, response) => {
    const { pathname } = new URL(request.url!, 'http://hub');
    state.log.push(`${request.method} ${pathname}${request.headers.range ? ` ${request.headers.range}` : ''}`);
    const json = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    if (state.faults.busy) {
      state.faults.busy--;
      request.resume();
      response.writeHead(429, { 'retry-after': '1' });
      return void response.end();
    }
    const signed = pathname.startsWith('/upload/'); // such an address is a permission itself
    if (!signed && state.token !== undefined && request.headers.authorization !== `Bearer ${state.token}`)
      return json(401, { error: 'Invalid credentials' });
    if (['main', commit].some((revision) => pathname === `/api/models/${name}/revision/${revision}`))
      return json(200, { _id: '1', id: name, sha: commit, private: false, downloads: 0, likes: 0, gated: false });
    if (pathname === `/api/models/${name}/tree/${commit}`) {
      // A page holds two files; the next one is in the Link header.
      const at = Number(new URL(request.url!, 'http://hub').searchParams.get('cursor') ?? 0);
      const all = [...state.files].map(([path, { bytes, lfs, listed }]) => {
        const size = listed?.size ?? bytes.length;
        const oid = listed?.oid ?? (lfs ? sha256(bytes) : gitHash(bytes));
        const entry = { type: 'file', path: listed?.path ?? path, size };
        return lfs ? { ...entry, oid: gitHash(bytes), lfs: { oid, size, pointerSize: 130 } } : { ...entry, oid };
      });
      if (at + 2 < all.length)
        response.setHeader('link', `<${hub.url}${pathname}?recursive=true&cursor=${at + 2}>; rel="next"`);
      return json(200, all.slice(at, at + 2));
    }
    if (request.method !== 'GET') return void receive(pathname, request).then((answer) => json(200, answer));
    const prefix = `/${name}/resolve/${commit}/`;
    const file = pathname.startsWith(prefix) && state.files.get(decodeURIComponent(pathname.slice(prefix.length)));
    if (!file) return json(404, { error: 'Repository not found' });
    if (!file.lfs) return send(file, request, response);
    // Elsewhere is another origin: localhost and 127.0.0.1 are two names.
    response.writeHead(302, { location: `${storage.url.replace('127.0.0.1', 'localhost')}/${sha256(file.bytes)}` });
    response.end();
  });
  return Object.assign(state, {
    url: hub.url,
    commit,
    token: undefined,
    close: async () => void (await Promise.all([hub.close(), storage.close()])),
  });
}
