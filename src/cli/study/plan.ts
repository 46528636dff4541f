// vitune study plan: what a study would run, and (with --probe) how long it would take. Runs nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { locateModel } from '../../model/locate.ts';
import { plannedOf, readPlan } from '../../studies/plan.ts';
import type { Cell } from '../../study/check.ts';
import { runTraining } from '../../train/run.ts';
import { duration, printJson, table } from '../output.ts';
import { addPlanFlags, givenPlan, type PlanFlags } from './plan-flags.ts';

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
      const given = givenPlan(path, flags);
      const study = await readPlan(given.plan, given.folder);
      const { id, name, runs, duplicates, cells } = plannedOf(study);
      const rows = [];
      for (const [i, cell] of cells.entries()) {
        const seconds = flags.probe ? (cell.tune + cell.final) * (await probe(study.cells[i]!)) : undefined;
        rows.push({ ...cell, seconds });
      }
      const seconds = flags.probe ? rows.reduce((n, row) => n + row.seconds!, 0) : undefined;
      if (flags.json) return printJson({ study: name, id, cells: rows, runs, duplicates, seconds });
      console.log(
        table(
          ['model', 'data', 'method', 'points', 'tuning runs', 'final runs', ...(flags.probe ? ['time'] : [])],
          rows.map((r) => [
            r.model,
            r.data,
            r.method,
            String(r.points),
            String(r.tune),
            String(r.final),
            ...(r.seconds === undefined ? [] : [duration(r.seconds)]),
          ]),
          [3, 4, 5, 6],
        ),
      );
      const removed = duplicates > 0 ? `, ${duplicates} duplicates removed` : '';
      const time = seconds === undefined ? '' : `; ${duration(seconds)} of one worker`;
      console.log(`\n${name}: ${runs} runs${removed}${time}`);
    });
}
