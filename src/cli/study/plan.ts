// vitune study plan: what a study would run, and (with --probe) how long it would take. Runs nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { locateModel } from '../../model/locate.ts';
import type { Cell, Study } from '../../study/check.ts';
import { studyId } from '../../study/protocol.ts';
import { runTraining } from '../../train/run.ts';
import { duration, printJson, table } from '../output.ts';
import { addPlanFlags, type PlanFlags, readPlan } from './run.ts';

/** Runs of a cell: all rounds of tuning, and the final ones. */
function runsOf({ plan }: Study, { points }: Cell): { readonly tune: number; readonly final: number } {
  const { search, seeds } = plan;
  if (points.length === 1) return { tune: 0, final: seeds.length };
  if (search.kind !== 'halving') return { tune: points.length, final: seeds.length };
  let [left, tune] = [points.length, 0];
  for (const _ of search.epochs) {
    tune += left;
    left = Math.max(1, Math.round(left * search.keep));
  }
  return { tune, final: seeds.length };
}

/** Seconds that a run of the cell's first point is expected to take, from the run's own probe. */
async function probe({ points }: Cell): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'vitune-probe-'));
  const { run, threads } = points[0]!.trial;
  try {
    const spec = { ...run, model: locateModel(run.model) };
    for await (const event of runTraining({ spec, folder: join(folder, 'run'), threads }))
      if (event.type === 'probe') return event.secondsExpected;
    return Number.NaN;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function plan(): Command {
  return addPlanFlags(new Command('plan').description('show what a study would run'))
    .option('--probe', 'time a step of each method and estimate how long the study takes')
    .option('--json', 'print as JSON')
    .action(async (path: string | undefined, flags: PlanFlags & { probe?: boolean; json?: boolean }) => {
      const study = await readPlan(path, flags);
      const rows = [];
      for (const cell of study.cells) {
        const { tune, final } = runsOf(study, cell);
        const seconds = flags.probe ? (tune + final) * (await probe(cell)) : undefined;
        const { model, data, method, points } = cell;
        rows.push({ model, data, method, points: points.length, tune, final, seconds });
      }
      const runs = rows.reduce((n, { tune, final }) => n + tune + final, 0);
      const seconds = flags.probe ? rows.reduce((n, row) => n + row.seconds!, 0) : undefined;
      const { duplicates } = study;
      if (flags.json)
        return printJson({ study: study.plan.name, id: studyId(study), cells: rows, runs, duplicates, seconds });
      console.log(
        table(
          ['model', 'data', 'method', 'points', 'tuning runs', 'final runs', ...(flags.probe ? ['time'] : [])],
          rows.map((r) => [r.model, r.data, r.method, String(r.points), String(r.tune), String(r.final), ...(r.seconds === undefined ? [] : [duration(r.seconds)])]), // biome-ignore format: one line
          [3, 4, 5, 6],
        ),
      );
      const removed = duplicates > 0 ? `, ${duplicates} duplicates removed` : '';
      const time = seconds === undefined ? '' : `; ${duration(seconds)} of one worker`;
      console.log(`\n${study.plan.name}: ${runs} runs${removed}${time}`);
    });
}
