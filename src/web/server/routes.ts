// The dashboard's requests. Reading ones answer from the store; the few that do something are in actions.ts.
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import { picks } from '../../analysis/overlap.ts';
import { messageOf, OptionError, VituneError } from '../../base/errors.ts';
import { builtinSets } from '../../data/builtin/index.ts';
import { protocols } from '../../data/protocols/index.ts';
import { methods } from '../../methods/index.ts';
import { embeddedModels } from '../../model/locate.ts';
import { methodLabels } from '../../study/analysis-records.ts';
import type { PlanPreset } from '../../study/plan.ts';
import type { StudyRow, TrialRow } from '../../study/rows.ts';
import { presets } from '../../train/presets.ts';
import { trainingOptions } from '../../train/training-options.ts';
import type { AdapterView, EpochRecord, FormFacts, OverlapView, RunsView, StudyDetail, TrialDetail } from '../api.ts';
import type { Actions } from './actions.ts';
import type { Adapters } from './adapters.ts';
import type { Asset } from './assets.ts';
import { type GuardOptions, guard } from './guard.ts';
import type { Live } from './live.ts';
import type { StudyPictures } from './pictures.ts';
import type { StoreLease } from './store-lease.ts';
import type { Views } from './views.ts';

export interface Services {
  readonly lease: StoreLease;
  readonly live: Live;
  readonly actions: Actions;
  readonly planPresets: readonly PlanPreset[];
  readonly adapters: Adapters;
  readonly pictures: StudyPictures;
  readonly views: Views;
  readonly singleRuns: () => Promise<RunsView>;
  readonly assets: ReadonlyMap<string, Asset>;
}

/** A plan written by a form. */
const maxPlanBytes = 64 * 1024;
/** A picture to try: more than a camera's, less than what would fill the memory. */
const maxPictureBytes = 32 * 2 ** 20;
/** Side of the browser's pictures, pixels. */
const thumbnailSide = 224;
/** Milliseconds between two signs of life on the event stream, below the server's limit for idle connections. */
const heartbeat = 15_000;

/** Nothing of that name: told as 404. */
class Missing extends Error {}

const limit = (maxSize: number) =>
  bodyLimit({ maxSize, onError: (c) => c.json({ error: `refused: more than ${maxSize} bytes` }, 413) });

function alphaOf(text: string | undefined): number {
  const alpha = text === undefined ? 1 : Number(text);
  if (!(alpha >= 0 && alpha <= 1)) throw new OptionError(`alpha must be a number from 0 to 1, got ${text}`);
  return alpha;
}

/** Members of an ensemble: more methods than there are. */
const mostMembers = 200;

const formFacts = (planPresets: readonly PlanPreset[]): FormFacts => ({
  methods: methods.map(({ name, summary, learningRate, options }) => ({ name, summary, learningRate, options })),
  training: trainingOptions,
  protocols: protocols.map(({ name, summary, options }) => ({ name, summary, options })),
  presets: [
    ...presets.map(({ name, summary }) => ({ name, summary, plan: false })),
    ...planPresets.map(({ name, summary }) => ({ name, summary, plan: true })),
  ],
  models: embeddedModels(),
  data: builtinSets.map(({ name, summary }) => ({ name, summary })),
});

export function routes(services: Services, guarded: GuardOptions): Hono {
  const { lease, live, actions, adapters, pictures, views, assets } = services;
  const app = new Hono();

  async function studyNamed(id: string): Promise<StudyRow> {
    const all = lease.exists() ? await lease.use((store) => store.studies()) : [];
    const study = all.find((row) => row.id === id);
    if (!study) throw new Missing(`no study ${JSON.stringify(id)} in this store`);
    return study;
  }

  /** A trial of the store, by its id. */
  async function specOf(trial: string) {
    if (!/^[0-9a-f]{16}$/.test(trial) || !lease.exists()) throw new Missing(`no trial ${JSON.stringify(trial)}`);
    return lease
      .use((store) => store.spec(trial))
      .catch((cause: unknown) => {
        if (messageOf(cause).startsWith('no result')) throw new Missing(`no trial ${JSON.stringify(trial)}`, { cause });
        throw cause;
      });
  }

  /** The run of a final trial on a study's data: which pictures there are. */
  async function runOn(study: StudyRow, data: string) {
    const rows = await lease.use((store) => store.trials(study.id));
    const isOn = ({ cell, phase }: TrialRow) => phase === 'final' && study.cells[cell]!.data === data;
    const final = rows.find(isOn);
    if (!final) throw new Missing(`study ${study.name} has no final run on ${JSON.stringify(data)}`);
    return (await lease.use((store) => store.spec(final.id))).run;
  }

  app.use('*', guard(guarded));
  app.onError((error, c) => {
    if (error instanceof Missing) return c.json({ error: error.message }, 404);
    if (!(error instanceof VituneError)) return c.json({ error: messageOf(error) }, 500);
    return c.json({ error: error.message, lines: error.lines }, error instanceof OptionError ? 400 : 409);
  });
  app.notFound((c) => c.json({ error: 'no such page' }, 404));

  app.get('/api/snapshot', async (c) => c.json(await live.current()));

  app.get('/api/events', (c) =>
    streamSSE(c, async (stream) => {
      let newest: string | undefined;
      let wake = () => {};
      const leave = live.follow((text) => {
        newest = text;
        wake();
      });
      stream.onAbort(() => {
        leave();
        wake();
      });
      // A slow client gets fewer snapshots, not a longer queue: only the newest waits.
      while (!stream.aborted && !stream.closed) {
        if (newest === undefined) {
          const timeout = new Promise<void>((resolve) => {
            wake = resolve;
            setTimeout(resolve, heartbeat).unref();
          });
          await timeout;
        }
        const data = newest;
        newest = undefined;
        if (data === undefined) await stream.write(': still here\n\n');
        else await stream.writeSSE({ event: 'snapshot', data });
      }
      leave();
    }),
  );

  app.get('/api/runs', async (c) => c.json(await services.singleRuns()));

  app.get('/api/form', (c) => c.json(formFacts(services.planPresets)));

  app.get('/api/studies/:id', async (c) => {
    const study = await studyNamed(c.req.param('id'));
    const trials = await lease.use((store) => store.trials(study.id));
    const { id, name, cells, plan } = study;
    return c.json({ id, name, cells, plan, trials } satisfies StudyDetail);
  });

  app.get('/api/studies/:id/sections', async (c) => c.json(await views.sections(await studyNamed(c.req.param('id')))));

  app.get('/api/studies/:id/report', async (c) => {
    const study = await studyNamed(c.req.param('id'));
    c.header('Content-Disposition', `attachment; filename="${study.name.replaceAll(/[^\w.-]/g, '_')}-report.html"`);
    return c.html(await views.report(study));
  });

  app.get('/api/studies/:id/predictions', async (c) =>
    c.json(await views.predictions(await studyNamed(c.req.param('id')))),
  );

  app.get('/api/studies/:id/ensembles', async (c) => {
    const members = [...new Set(c.req.queries('member') ?? [])].slice(0, mostMembers);
    const table = await views.ensembles(await studyNamed(c.req.param('id')), c.req.query('data') ?? '', members);
    if (!table) throw new Missing('no predictions of these methods on this data');
    return c.json(table);
  });

  app.get('/api/studies/:id/overlap', async (c) => {
    const { data = '', pick = '', k = '' } = c.req.query();
    const chosen = picks.find((name) => name === pick);
    if (!chosen) throw new OptionError(`pick must be one of ${picks.join(', ')}, got ${pick}`);
    const length = Number(k);
    if (!Number.isInteger(length) || length < 1) throw new OptionError(`k must be a whole number from 1, got ${k}`);
    const html = await views.overlap(await studyNamed(c.req.param('id')), data, chosen, length);
    if (html === undefined) throw new Missing('no predictions of two methods on this data');
    return c.json({ html } satisfies OverlapView);
  });

  app.get('/api/studies/:id/adapters', async (c) => {
    const study = await studyNamed(c.req.param('id'));
    const rows = await lease.use((store) => store.trials(study.id));
    const labels = methodLabels(study);
    const finals = rows.filter(({ phase, state }) => phase === 'final' && state === 'done');
    return c.json(
      finals.map(
        ({ id, cell, point }): AdapterView => ({
          trial: id,
          method: labels[cell]!,
          data: study.cells[cell]!.data,
          seed: point.seed!,
        }),
      ),
    );
  });

  app.get('/api/studies/:id/picture', async (c) => {
    const study = await studyNamed(c.req.param('id'));
    const { data = '', name = '' } = c.req.query();
    const run = await runOn(study, data);
    const small = await pictures.small(run, name, thumbnailSide).catch((cause: unknown) => {
      throw new Missing(messageOf(cause), { cause });
    });
    c.header('Cache-Control', 'private, max-age=3600');
    return c.body(new Uint8Array(small), 200, { 'Content-Type': 'image/webp' });
  });

  app.get('/api/trials/:id', async (c) => {
    const id = c.req.param('id');
    const spec = await specOf(id);
    const [epochs, attempts] = await lease.use((store) => Promise.all([store.epochs(id), store.attempts(id)]));
    return c.json({ id, spec, epochs: epochs as EpochRecord[], attempts } satisfies TrialDetail);
  });

  app.post('/api/trials/:id/guess', limit(maxPictureBytes), async (c) => {
    const id = c.req.param('id');
    const spec = await specOf(id);
    const alpha = alphaOf(c.req.query('alpha'));
    // A picture of the study's data by its name, or the bytes of one's own.
    const name = c.req.query('name');
    const bytes = name === undefined ? new Uint8Array(await c.req.arrayBuffer()) : await pictures.read(spec.run, name);
    return c.json(await adapters.guess(id, alpha, { name: name ?? 'your picture', bytes }));
  });

  app.post('/api/studies', limit(maxPlanBytes), async (c) => {
    const plan: unknown = await c.req.json().catch((cause: unknown) => {
      throw new OptionError(`the plan is not JSON: ${messageOf(cause)}`, { cause });
    });
    const started = await actions.start(plan);
    live.wake();
    return c.json(started, 201);
  });

  app.post('/api/studies/:id/:action{pause|resume}', limit(0), async (c) => {
    const { id } = await studyNamed(c.req.param('id'));
    await (c.req.param('action') === 'pause' ? actions.pause(id) : actions.resume(id));
    live.wake();
    return c.json({});
  });

  app.get('*', (c) => {
    const asset = assets.get(c.req.path);
    if (!asset) return c.notFound();
    return c.body(asset.body, 200, { 'Content-Type': asset.type, 'Cache-Control': 'no-cache' });
  });
  return app;
}
