// A study for a person who looks on: one line a worker, a bar over all, the best so far, the time left. Where standard error
// is no terminal, one line a finished run instead.
import { createLogUpdate } from 'log-update';
import colors from 'picocolors';
import type { WorkerRow } from '../../study/rows.ts';
import type { Standing } from '../../study/standing.ts';
import { duration, percent } from '../output.ts';

const width = 24;
const bar = (share: number): string => {
  const full = Math.round(share * width);
  return colors.green('━'.repeat(full)) + colors.dim('━'.repeat(width - full));
};

/** Cells shown at most: a terminal has some 25 lines. */
const maxBest = 12;

/** 0 as long as nobody knows what a run takes: the work left is NaN then. */
const share = ({ workDone, workLeft }: Standing): number => workDone / (workDone + workLeft) || 0;

export function standingLines(standing: Standing, workers: readonly WorkerRow[], left: number | undefined): string[] {
  const { done, total, failed, best, failures } = standing;
  const bad = failed > 0 ? colors.yellow(`  ${failed} failed`) : '';
  const ready = left === undefined || Number.isNaN(left) ? '' : `  ${duration(left)} left`;
  return [
    `${bar(share(standing))} ${colors.bold(standing.study)} ${done}/${total} runs${bad}${ready}${standing.status === 'running' ? '' : `  (${standing.status})`}`,
    ...workers.map(({ host, pid, progress }) =>
      progress
        ? `  ${bar(progress.share)} ${progress.label}, epoch ${progress.epoch + 1}/${progress.epochs} (${host}, ${pid})`
        : `  ${bar(0)} between runs (${host}, ${pid})`,
    ),
    ...best
      .slice(0, maxBest)
      .map(
        ({ model, data, method, val, done: points, points: all }) =>
          `  best of ${points}/${all}: ${percent(val)} val  ${method} on ${data}, ${model}`,
      ),
    ...(best.length > maxBest ? [`  and ${best.length - maxBest} more`] : []),
    ...failures
      .slice(0, 3)
      .map(({ method, data, reason }) => colors.yellow(`  failed ${method} on ${data}: ${reason}`)),
  ];
}

export function createStudyProgress(stream: NodeJS.WriteStream = process.stderr) {
  const live = stream.isTTY ? createLogUpdate(stream) : undefined;
  let told = 0;
  return {
    clear: () => live?.clear(),
    show(standing: Standing, workers: readonly WorkerRow[], left: number | undefined) {
      if (live) return live(standingLines(standing, workers, left).join('\n'));
      if (standing.done + standing.failed === told) return;
      told = standing.done + standing.failed;
      stream.write(
        `${standing.study}: ${told}/${standing.total} runs${left === undefined ? '' : `, ${duration(left)} left`}\n`,
      );
    },
  };
}
