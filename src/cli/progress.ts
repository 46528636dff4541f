// A run's events for a person: a header, one live line with a bar, one line an epoch. Where standard error is no terminal,
// the live line is left out.
import { basename } from 'node:path';
import colors from 'picocolors';
import type { RunEvent } from '../train/events.ts';
import { createLiveLine } from './live-line.ts';
import { bytes, count, duration, percent, shortPath } from './output.ts';

const width = 24;
export const bar = (share: number): string => {
  const full = Math.round(share * width);
  return colors.green('━'.repeat(full)) + colors.dim('━'.repeat(width - full));
};

export interface Progress {
  show(event: RunEvent): void;
  /** Takes the live line away, e.g. before an error. */
  clear(): void;
}

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const { draw: live, line, clear } = createLiveLine(stream);
  let lastDraw = 0;
  let lastVal: number | undefined;
  const draw = (text: string, always = false) => {
    const now = performance.now();
    if (!live || (!always && now - lastDraw < 100)) return; // ten times a second is enough for the eye
    lastDraw = now;
    live(text);
  };
  return {
    clear,
    show(event) {
      switch (event.type) {
        case 'decoding':
        case 'features':
          draw(
            `${bar(event.done / event.total)} ${event.type} ${event.done}/${event.total} pictures`,
            event.done === event.total,
          );
          return;
        case 'start': {
          const { pictures, spec } = event;
          const methods = spec.methods.map((m) => m.name).join('+');
          line(`${colors.bold(methods)} on ${shortPath(spec.data)}, from ${basename(spec.model)}`);
          line(
            `  pictures   ${pictures.train} train, ${pictures.val} validation, ${pictures.test} test (${event.splitRule}); ${event.classes.length} classes`,
          );
          const shifted = Object.entries(pictures.shifted).map(([set, n]) => `${n} ${set}`);
          if (shifted.length > 0) line(`  shifted    ${shifted.join(', ')}`);
          line(
            `  trainable  ${count(event.trainable)} of ${count(event.total)} parameters (${percent(event.trainable / event.total)}), ${count(event.trainableWithoutHead)} without the head`,
          );
          if (event.unreadable.length > 0) {
            line(
              colors.yellow(
                `  skipped    ${event.unreadable.length} unreadable picture${event.unreadable.length === 1 ? '' : 's'}:`,
              ),
            );
            for (const { reason } of event.unreadable.slice(0, 5)) line(colors.yellow(`             ${reason}`));
            if (event.unreadable.length > 5)
              line(colors.yellow(`             and ${event.unreadable.length - 5} more (data.json lists all)`));
          }
          if (event.resumedFrom > 0) line(`  resumed    from step ${event.resumedFrom}`);
          return;
        }
        case 'probe':
          line(
            `  expected   ${duration(event.secondsExpected)} at ${event.imagesPerSecond.toFixed(0)} images/s, ${bytes(event.peakMemoryBytes)} of memory (${event.microBatch} pictures at once)`,
          );
          return;
        case 'step': {
          const val = lastVal === undefined ? '' : `  val ${percent(lastVal)}`;
          draw(
            `${bar(event.step / event.steps)} ${percent(event.step / event.steps)}  ${event.imagesPerSecond.toFixed(0)} images/s  loss ${event.loss.toFixed(3)}${val}  ${duration(event.secondsLeft)} left`,
            event.step === event.steps,
          );
          return;
        }
        case 'epoch':
          lastVal = event.val?.top1;
          line(
            `  epoch ${String(event.epoch + 1).padStart(String(event.epochs).length)}/${event.epochs}  loss ${event.train.loss.toFixed(4)}  train ${percent(event.train.top1)}${event.val ? `  val ${percent(event.val.top1)} (loss ${event.val.loss.toFixed(4)})` : ''}  ${duration(event.seconds)}`,
          );
          return;
        case 'saved':
          return;
        case 'interrupted':
          line(
            `stopped after step ${event.step}; saved. To go on: vitune train --resume --out ${shortPath(event.folder)}`,
          );
          return;
        case 'done': {
          const { test, val } = event;
          if (event.stoppedEarly) line(`  stopped early; kept epoch ${event.keptEpoch + 1}`);
          if (val) line(`  validation ${percent(val.top1)} top-1`);
          if (test)
            line(
              `  test       ${colors.bold(percent(test.top1))} top-1, ${percent(test.top5)} top-5, ${percent(test.meanClassAccuracy)} mean per class, loss ${test.loss.toFixed(4)}, ECE ${test.ece.toFixed(3)} (${test.pictures} pictures)`,
            );
          for (const [set, metrics] of Object.entries(event.tests))
            if (set !== 'test')
              line(
                `  ${set.padEnd(10)} ${colors.bold(percent(metrics.top1))} top-1, ${percent(metrics.top5)} top-5, ${percent(metrics.meanClassAccuracy)} mean per class (${metrics.pictures} pictures)`,
              );
          line(`  saved in   ${shortPath(event.folder)} (${duration(event.seconds)})`);
        }
      }
    },
  };
}
