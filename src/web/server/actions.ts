// What the dashboard may do to studies: start one by a plan, go on with one, pause one. Studies run in processes of their own,
// which neither this process nor its end touches.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OptionError, RunError } from '../../base/errors.ts';
import { embeddedModels } from '../../model/locate.ts';
import { openPlan } from '../../study/check.ts';
import { isServerUrl } from '../../study/db/url.ts';
import type { StudyEnvironment } from '../../study/environment.ts';
import { type PlanInput, planSchema } from '../../study/plan.ts';
import type { StoreLease } from './store-lease.ts';

export interface ActionOptions {
  readonly db: string;
  readonly lease: StoreLease;
  /** Program and arguments that run vitune, before its verb. */
  readonly command: readonly string[];
  /** What plans are checked against: data and models of this machine. */
  readonly environment: StudyEnvironment;
}

export interface Actions {
  /** Checks a plan and starts it. Throws OptionError with all that is wrong in it, RunError where none can run now. */
  start(plan: unknown): Promise<{ readonly name: string; readonly plan: string }>;
  resume(study: string): Promise<void>;
  pause(study: string): Promise<void>;
}

/** Milliseconds in which a study that can't run says so; most of it is the start of the process. */
const grace = 4000;

/** The plan's paths, made absolute: they were given from here, and the plan's file lies elsewhere. */
function fromHere(plan: PlanInput): PlanInput {
  const dataAt = (data: string) => (existsSync(data) ? resolve(data) : data);
  const modelAt = (model: string) => (embeddedModels().includes(model) ? model : resolve(model));
  const { models } = plan;
  return {
    ...plan,
    data: [plan.data]
      .flat()
      .map((data) => (typeof data === 'string' ? dataAt(data) : { ...data, path: dataAt(data.path) })),
    ...(models !== undefined && { models: [models].flat().map(modelAt) }),
  };
}

export function actions({ db, lease, command, environment }: ActionOptions): Actions {
  const folder = join(isServerUrl(db) ? 'runs' : db, 'dashboard');

  /** Runs vitune beside this process. Throws RunError with its words where it fails at once. */
  async function launch(name: string, args: readonly string[]): Promise<void> {
    await mkdir(folder, { recursive: true });
    const log = join(folder, `${name}.log`);
    const file = await open(log, 'w');
    const [program, ...first] = command;
    const child = spawn(program!, [...first, ...args, '--db', db], {
      detached: true,
      stdio: ['ignore', 'ignore', file.fd],
      env: { ...process.env, NO_COLOR: '1' },
    });
    const ended = new Promise<number | null>((done) => {
      child.once('exit', done);
      child.once('error', () => done(1));
    });
    const code = await Promise.race([ended, new Promise<0>((wait) => setTimeout(wait, grace, 0))]);
    child.unref();
    await file.close();
    if (code === 0) return;
    const words = (await readFile(log, 'utf8')).trim().split('\n');
    throw new RunError(words[0] || `vitune ${args.join(' ')} ended at once; see ${log}`, { lines: words.slice(1, 20) });
  }

  async function requireFree(): Promise<void> {
    if (await lease.busy())
      throw new RunError(
        'a study runs on this store; an embedded store has one at a time: pause it first, or use a server (--db postgres://...)',
      );
  }

  return {
    async start(input) {
      const parsed = planSchema.safeParse(input);
      if (!parsed.success)
        throw new OptionError('the plan can’t be used', {
          lines: parsed.error.issues.slice(0, 20).map(({ path, message }) => `${path.join('.')}: ${message}`),
        });
      const plan = fromHere(parsed.data);
      const text = `${JSON.stringify(plan, null, 2)}\n`; // a plan is YAML, and JSON is YAML
      await openPlan(text, plan.name, process.cwd(), environment).catch((error: unknown) => {
        // The form has no lines and columns.
        if (!(error instanceof OptionError)) throw error;
        const lines = error.lines.map((line) => line.replace(/^[^:]*:\d+:\d+: /, ''));
        throw new OptionError('the plan can’t be used; nothing was run', { lines, cause: error });
      });
      await requireFree();
      await mkdir(folder, { recursive: true });
      // A second one of the same name goes beside the first.
      const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
      const path = resolve(folder, `${plan.name}-${stamp}.yaml`);
      await writeFile(path, text, { flag: 'wx' });
      await launch(plan.name, ['study', 'run', path]);
      return { name: plan.name, plan: path };
    },
    async resume(study) {
      await requireFree();
      await launch(study, ['study', 'resume', '--study', study]);
    },
    pause: (study) =>
      lease.use(async (store) => {
        const row = (await store.studies()).find(({ id }) => id === study);
        if (row?.status === 'running') await store.setStatus(study, 'paused');
      }),
  };
}
