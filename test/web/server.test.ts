// The dashboard's server over real sockets and a real store: who is refused, what is bounded, what pages are given, and that it
// stands in nobody's way.

import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Table, toObjects } from '../../src/analysis/table.ts';
import { train } from '../../src/index.ts';
import { studyEnvironment } from '../../src/studies/environment.ts';
import type {
  AdapterView,
  Guess,
  PredictionView,
  RunsView,
  Section,
  Snapshot,
  StudyDetail,
  TrialDetail,
} from '../../src/web/api.ts';
import { startUi, type Ui } from '../../src/web/server/server.ts';
import { cliPath, start, vitune } from '../support/cli.ts';
import { runTinyStudy } from '../support/tiny-study.ts';

let root: string;
let db: string;
let ui: Ui;
const command = [process.execPath, cliPath];
const environment = studyEnvironment();

/** Milliseconds: a study in processes of its own takes minutes on a machine that is busy. */
const busy = 600_000;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly port?: number;
}

/** A request as written: fetch would tidy the path and refuse a Host. */
function ask(path: string, { method = 'GET', headers = {}, body, port = ui.port }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
const json = async <T>(path: string, asked?: Asked): Promise<T> =>
  JSON.parse((await ask(path, asked)).body.toString()) as T;
const singleRuns = () => join(root, 'single-runs');
const own = () => ({ Origin: `http://127.0.0.1:${ui.port}` });

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-ui-'));
  db = join(root, 'db');
  process.env.VITUNE_CACHE = join(root, 'cache');
  await runTinyStudy(root, environment);
  ui = await startUi({ db, runs: singleRuns(), host: '127.0.0.1', port: 0, command, environment });
});
afterAll(async () => {
  await ui?.close();
  // The last study's process may still be putting its store away.
  await rm(root, { recursive: true, force: true, maxRetries: 20 });
});

describe('is refused', () => {
  it('what names another host', async () => {
    for (const host of ['evil.example', `evil.example:${ui.port}`, 'localhost', `127.0.0.1.evil.example:${ui.port}`]) {
      const { status, body } = await ask('/', { headers: { Host: host } });
      expect([host, status, body.toString().includes('<')]).toEqual([host, 403, false]);
    }
    expect((await ask('/', { headers: { Host: `localhost:${ui.port}` } })).status).toBe(200);
  });

  it('what comes from another page', async () => {
    const foreign = [
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
      { Origin: `http://127.0.0.1:${ui.port + 1}` },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
    ];
    for (const headers of foreign) expect((await ask('/api/snapshot', { headers })).status).toBe(403);
    expect((await ask('/api/snapshot', { headers: own() })).status).toBe(200);
    // A request that changes something must say where it comes from.
    const { studies } = await json<Snapshot>('/api/snapshot');
    for (const headers of [{}, ...foreign])
      expect((await ask(`/api/studies/${studies[0]!.id}/pause`, { method: 'POST', headers })).status).toBe(403);
  });

  it('a path that leads elsewhere', async () => {
    const paths = [
      '/../package.json',
      '/..%2f..%2fpackage.json',
      '/app.js/../../../package.json',
      '/%2e%2e/server/server.js',
      '//etc/passwd',
      '/api/../../secret',
      '/.env',
      '/app.js%00.html',
    ];
    for (const path of paths) {
      const { status, body } = await ask(path);
      expect([path, status]).toEqual([path, 404]);
      expect(body.toString()).toMatch(/^\{"error":/);
    }
  });

  it("a picture that isn't the study's", async () => {
    const { studies } = await json<Snapshot>('/api/snapshot');
    const { trials } = await json<StudyDetail>(`/api/studies/${studies[0]!.id}`);
    const final = trials.find(({ phase }) => phase === 'final')!.id;
    for (const name of [
      '../plan.yaml',
      '/etc/passwd',
      join(root, 'shapes/disc/0.png'),
      'disc/../../plan.yaml',
      '',
      '%2e%2e',
    ]) {
      const query = new URLSearchParams({ data: 'shapes', name });
      expect((await ask(`/api/studies/${studies[0]!.id}/picture?${query}`)).status).toBe(404);
      const guess = await ask(`/api/trials/${final}/guess?${query}`, { method: 'POST', headers: own() });
      expect([guess.status, guess.body.toString()]).toEqual([409, expect.stringContaining('has no test picture')]);
    }
    expect((await ask(`/api/studies/${studies[0]!.id}/picture?data=..&name=x`)).status).toBe(404);
  });

  it('a huge body, told or not', async () => {
    const headers = { ...own(), 'Content-Type': 'application/json' };
    const huge = await ask('/api/studies', { method: 'POST', headers, body: `"${'x'.repeat(100_000)}"` });
    expect(huge.status).toBe(413);
    const chunked = { ...headers, 'Transfer-Encoding': 'chunked' };
    const streamed = await ask('/api/studies', { method: 'POST', headers: chunked, body: 'x'.repeat(200_000) });
    expect(streamed.status).toBe(413);
    const claimed = { ...own(), 'Content-Length': String(10 ** 12) };
    const lying = await new Promise<string>((resolve) => {
      const socket = connect(ui.port, '127.0.0.1', () => {
        const lines = Object.entries({ Host: `127.0.0.1:${ui.port}`, ...claimed }).map(([k, v]) => `${k}: ${v}\r\n`);
        socket.write(`POST /api/studies HTTP/1.1\r\n${lines.join('')}\r\n{`);
      });
      socket.once('data', (bytes) => {
        resolve(bytes.toString());
        socket.destroy();
      });
    });
    expect(lying).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('a client that never finishes', async () => {
    const ended = await new Promise<string>((resolve) => {
      let heard = '';
      const socket = connect(ui.port, '127.0.0.1', () =>
        socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${ui.port}\r\nX: `),
      );
      socket.on('data', (bytes) => {
        heard += bytes.toString();
      });
      socket.on('close', () => resolve(heard));
    });
    expect(ended).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('what there is not, in one line', async () => {
    expect((await ask('/api/studies/nothing')).status).toBe(404);
    expect((await ask('/api/trials/0123456789abcdef')).status).toBe(404);
    expect((await ask('/api/trials/x')).status).toBe(404);
    const bad = await ask('/api/studies', { method: 'POST', headers: own(), body: '{"name":"a b"}' });
    expect([bad.status, JSON.parse(bad.body.toString())]).toMatchObject([
      400,
      { lines: [expect.stringContaining('name: '), expect.anything(), expect.anything()] },
    ]);
    const lost = JSON.stringify({ name: 'x', data: join(root, 'nowhere'), methods: ['linear', 'lorra'] });
    const unknown = await ask('/api/studies', { method: 'POST', headers: own(), body: lost });
    expect([unknown.status, JSON.parse(unknown.body.toString())]).toMatchObject([
      400,
      {
        lines: [
          expect.stringMatching(/^data\.0: .*nowhere: no such folder/),
          expect.stringMatching(/did you mean "lora"/),
        ],
      },
    ]);
    expect(existsSync(join(db, 'dashboard'))).toBe(false);
  });
});

it('says that nothing else may be loaded, framed or guessed', async () => {
  const { headers } = await ask('/');
  expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect((await ask('/app.js')).headers['content-type']).toMatch(/^text\/javascript/);
});

it('beyond this machine it wants the token', async () => {
  const remote = await startUi({
    ...{ db, runs: singleRuns(), host: '127.0.0.1', port: 0, command, environment },
    token: 'a-token',
  });
  const { port } = remote;
  try {
    const host = { Host: `lab.example:${port}` };
    expect((await ask('/', { port, headers: host })).status).toBe(401);
    expect((await ask('/?token=a-tokem', { port, headers: host })).status).toBe(401);
    const bearer = { ...host, Authorization: 'Bearer a-token' };
    expect((await ask('/api/form', { port, headers: bearer })).status).toBe(200);
    expect((await ask('/api/form', { port, headers: { ...bearer, Origin: 'http://evil.example' } })).status).toBe(403);
    const { status, headers } = await ask('/?token=a-token', { port, headers: host });
    expect([status, headers.location]).toEqual([302, '/']);
    const cookie = String(headers['set-cookie']);
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const withCookie = { ...host, Cookie: cookie.split(';')[0]! };
    expect((await ask('/', { port, headers: withCookie })).status).toBe(200);
  } finally {
    await remote.close();
  }
});

describe('shows', () => {
  let id: string;
  beforeAll(async () => {
    id = (await json<Snapshot>('/api/snapshot')).studies[0]!.id;
  });

  it('where studies stand, and each run with its epochs and tries', async () => {
    const { studies } = await json<Snapshot>('/api/snapshot');
    expect(studies).toMatchObject([{ study: 'tiny-study', status: 'done', done: 8, total: 8, failed: 0 }]);
    const { trials } = await json<StudyDetail>(`/api/studies/${id}`);
    expect(trials.length).toBe(8);
    const run = await json<TrialDetail>(`/api/trials/${trials[0]!.id}`);
    expect(run.epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3]);
    expect(run.epochs.at(-1)!.val!.top1).toBe(trials[0]!.val!.top1);
    expect(run.attempts).toMatchObject([{ worker: 'tiny', outcome: 'done', reason: null }]);
  });

  it('single runs in their folder, done, stopped and running, and nothing that is no run', async () => {
    const none = await json<RunsView>('/api/runs');
    expect(none).toEqual({ folder: singleRuns(), runs: [] });
    const done = join(singleRuns(), 'done');
    const options = { data: join(root, 'shapes'), model: join(root, 'tiny'), epochs: 2, learningRate: 0.01, seed: 3 };
    const result = await train({ ...options, method: 'linear', out: done }).result();
    if (result.type !== 'done') throw new Error(result.type);
    const [run] = (await json<RunsView>('/api/runs')).runs;
    expect(run).toMatchObject({
      ...{ name: 'done', state: 'done', method: 'linear', data: 'shapes', model: 'tiny', epochsWanted: 2 },
      params: { learningRate: 0.01, seed: 3 },
      tests: { test: result.test!.top1 },
    });
    expect(run!.epochs.map(({ epoch, val }) => [epoch, val!.top1])).toEqual([
      [0, expect.any(Number)],
      [1, result.val!.top1],
    ]);
    // The same run before its end: in a living process, and after that one was killed.
    const record = JSON.parse(await readFile(join(done, 'run.json'), 'utf8')) as object;
    for (const [name, pid] of [
      ['running', process.pid],
      ['stopped', 2 ** 30],
    ] as const) {
      await cp(done, join(singleRuns(), name), { recursive: true });
      await writeFile(
        join(singleRuns(), name, 'run.json'),
        JSON.stringify({ ...record, status: 'running', result: undefined }),
      );
      await writeFile(join(singleRuns(), name, 'lock.json'), JSON.stringify({ pid, host: hostname() }));
    }
    // Others' folders, and files that only look like a run's.
    for (const [name, text] of [
      ['broken', '{'],
      ['list', '[]'],
      ['foreign', '{"status":"done","spec":{"data":1}}'],
    ] as const) {
      await mkdir(join(singleRuns(), name));
      await writeFile(join(singleRuns(), name, 'run.json'), text);
    }
    await mkdir(join(singleRuns(), 'folder', 'run.json'), { recursive: true });
    await writeFile(join(singleRuns(), 'stopped', 'metrics.jsonl'), '{"epoch":"none"}\n');
    const { runs } = await json<RunsView>('/api/runs');
    expect(new Map(runs.map(({ name, state, epochs }) => [name, [state, epochs.length]]))).toEqual(
      new Map([
        ['done', ['done', 2]],
        ['running', ['running', 2]],
        ['stopped', ['stopped', 0]],
      ]),
    );
  });

  it('the report’s sections and file', async () => {
    const sections = await json<Section[]>(`/api/studies/${id}/sections`);
    expect(sections.map((section) => section.id)).toEqual(
      expect.arrayContaining(['accuracy', 'mistakes', 'ensembles']),
    );
    const { headers, body } = await ask(`/api/studies/${id}/report`);
    expect(headers['content-disposition']).toBe('attachment; filename="tiny-study-report.html"');
    expect(body.toString()).toMatch(/^<!doctype html>/);
  });

  it('predictions, their pictures, and what an adapter says at each alpha', async () => {
    const [view] = await json<[PredictionView]>(`/api/studies/${id}/predictions`);
    expect(view.methods.map(({ method }) => method)).toEqual(['linear', 'lora']);
    const overlap = (query: string) => ask(`/api/studies/${id}/overlap?${query}`);
    for (const k of [1, 3, 1000]) {
      const { html } = JSON.parse((await overlap(`data=shapes&pick=unsure-right&k=${k}`)).body.toString()) as {
        html: string;
      };
      expect(html).toContain(`overlap of the ${k} least confident right predictions`);
    }
    const statuses = [
      'data=shapes&pick=all&k=3',
      'data=shapes&pick=unsure-right&k=0',
      'data=no&pick=unsure-right&k=3',
    ].map(async (query) => (await overlap(query)).status);
    expect(await Promise.all(statuses)).toEqual([400, 400, 404]);
    // Ensembles of chosen members: what the analyses say of the same predictions.
    const ensembles = (members: readonly string[]) =>
      `/api/studies/${id}/ensembles?${new URLSearchParams([['data', view.data] as [string, string], ...members.map((m) => ['member', m] as [string, string])])}`;
    const table = await json<Table>(ensembles(['lora', 'linear']));
    const [best, ...votes] = toObjects(table);
    expect(votes.slice(0, 3).map(({ ensemble }) => ensemble)).toEqual([
      'mean probability',
      'mean logit',
      'majority vote',
    ]);
    const right = view.methods.map(
      ({ predicted }) => predicted.filter((k, i) => k === view.labels[i]).length / view.labels.length,
    );
    expect(right).toContain(best!.top1);
    for (const { gain, top1, low, high } of votes) {
      expect(gain).toBeCloseTo((top1 as number) - (best!.top1 as number), 12);
      expect((low as number) <= (gain as number) && (gain as number) <= (high as number)).toBe(true);
    }
    expect((await ask(ensembles(['lora', 'none']))).status).toBe(404);
    expect((await ask(ensembles([]))).status).toBe(404);
    const [name] = view.names as [string];
    const picture = await ask(`/api/studies/${id}/picture?${new URLSearchParams({ data: 'shapes', name })}`);
    expect([picture.status, picture.headers['content-type'], picture.body.subarray(8, 12).toString()]).toEqual([
      200,
      'image/webp',
      'WEBP',
    ]);

    const adapters = await json<AdapterView[]>(`/api/studies/${id}/adapters`);
    const { trial } = adapters.find(({ method, seed }) => method === 'lora' && seed === 0)!;
    const guess = (query: Record<string, string>, body?: Uint8Array) =>
      json<Guess>(`/api/trials/${trial}/guess?${new URLSearchParams(query)}`, {
        method: 'POST',
        headers: own(),
        ...(body && { body }),
      });
    const tuned = await guess({ name, alpha: '1' });
    const lora = view.methods[1]!;
    expect(tuned.classes[0]!.name).toBe(view.classes[lora.predicted[0]!]);
    expect(tuned.classes[0]!.probability).toBeCloseTo(lora.confidence[0]!, 3);
    const between = await guess({ name, alpha: '0.5' });
    expect(between.classes[0]!.probability).not.toBeCloseTo(tuned.classes[0]!.probability, 5);
    // The same picture as one's own file.
    const uploaded = await guess({ alpha: '1' }, new Uint8Array(await readFile(join(root, 'shapes', name))));
    expect(uploaded).toEqual(tuned);
    const beyond = await ask(`/api/trials/${trial}/guess?alpha=1.5`, { method: 'POST', headers: own() });
    expect([beyond.status, beyond.body.toString()]).toEqual([400, expect.stringContaining('from 0 to 1')]);
    const noPicture = await ask(`/api/trials/${trial}/guess`, { method: 'POST', headers: own(), body: 'no picture' });
    expect([noPicture.status, noPicture.body.toString()]).toEqual([409, expect.stringContaining('your picture: ')]);
  });
});

it(
  'stands in nobody’s way: a study starts under open pages, is seen at work, and goes on when the server is killed',
  async () => {
    const { child } = start(['ui', '--db', db, '--port', '0']);
    onTestFinished(() => void child.kill('SIGKILL'));
    const address = await new Promise<string>((resolve) =>
      child.stdout!.once('data', (part: Buffer) => resolve(part.toString())),
    );
    const port = Number(/^http:\/\/127\.0\.0\.1:(\d+)\//.exec(address)![1]);
    const atWork = new Promise<void>((resolve) => {
      const stream = request({ host: '127.0.0.1', port, path: '/api/events' }, (response) => {
        let text = '';
        response.on('data', (part: Buffer) => {
          text += part.toString();
          if (/"study":"second","status":"running"[^}]*"running":1/.test(text)) resolve();
        });
        response.on('error', () => {}); // the server is killed
      });
      stream.on('error', () => {});
      stream.end();
    });
    const plan = {
      name: 'second',
      models: join(root, 'tiny'),
      data: join(root, 'shapes'),
      methods: [{ name: 'linear', options: {} }],
      training: { epochs: 500, batchSize: 8 },
    };
    const headers = { Origin: `http://127.0.0.1:${port}`, 'Content-Type': 'application/json' };
    const { status, body } = await ask('/api/studies', { port, method: 'POST', headers, body: JSON.stringify(plan) });
    expect([status, body.toString()]).toEqual([201, expect.stringContaining('"name":"second"')]);
    await atWork;
    // A second one would have to wait: it is told so at once.
    const other = await ask('/api/studies', {
      port,
      method: 'POST',
      headers,
      body: JSON.stringify({ ...plan, name: 'x' }),
    });
    expect([other.status, other.body.toString()]).toEqual([409, expect.stringContaining('one at a time')]);
    child.kill('SIGKILL');
    for (;;) {
      const { code, stdout, stderr } = await vitune('study', 'status', '--db', db, '--json', '--study', 'second');
      expect([code, stderr]).toEqual([0, '']);
      const [standing] = JSON.parse(stdout) as [{ status: string; done: number; failed: number }];
      expect(standing.failed).toBe(0);
      if (standing.status === 'done') return expect(standing.done).toBe(1);
    }
  },
  busy,
);
