// What the dashboard may do to studies: start one by a plan, go on with one, pause one. Studies run in processes of their own,
// which neither this process nor its end touches.
import { spawn } from 'node:child_process';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OptionError, RunError } from '../../base/errors.ts';
import { isServerUrl } from '../../study/db/postgres.ts';
import { planSchema } from '../../study/plan.ts';
import type { StoreLease } from './store-lease.ts';

export interface ActionOptions {
  readonly db: string;
  readonly lease: StoreLease;
  /** Program and arguments that run vitune, before its verb. */
  readonly command: readonly string[];
}

export interface Actions {
  /** Starts the plan (checked by study/plan.ts). Throws OptionError for a bad plan, RunError where none can run now. */
  start(plan: unknown): Promise<{ readonly name: string; readonly plan: string }>;
  resume(study: string): Promise<void>;
  pause(study: string): Promise<void>;
}

/** Milliseconds in which a study that can't run says so; most of it is the start of the process. */
const grace = 4000;

export function actions({ db, lease, command }: ActionOptions): Actions {
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
      await requireFree();
      await mkdir(folder, { recursive: true });
      // A plan is YAML, and JSON is YAML. A second one of the same name goes beside the first.
      const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
      const path = resolve(folder, `${parsed.data.name}-${stamp}.yaml`);
      await writeFile(path, `${JSON.stringify(parsed.data, null, 2)}\n`, { flag: 'wx' });
      await launch(parsed.data.name, ['study', 'run', path]);
      return { name: parsed.data.name, plan: path };
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
