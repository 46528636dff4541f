// Advice in the making for a person: one live line with a bar and the time that is left, one line a finding.
import type { AdviceEvent } from '../advise/advise.ts';
import { createLiveLine } from './live-line.ts';
import { duration, percent } from './output.ts';
import { bar } from './progress.ts';

export interface AdviceProgress {
  show(event: AdviceEvent): void;
  /** Takes the live line away. */
  clear(): void;
}

export function createAdviceProgress(stream: NodeJS.WriteStream = process.stderr): AdviceProgress {
  const { draw: live, line, clear } = createLiveLine(stream);
  return {
    clear,
    show(event) {
      switch (event.type) {
        case 'decoding':
        case 'features':
          live?.(`${bar(event.done / event.total)} ${event.type} ${event.done}/${event.total} pictures`);
          return;
        case 'head':
          line(`linear head on cached features: ${percent(event.top1)} on ${event.pictures} validation pictures`);
          return;
        case 'probe':
          live?.(`${bar(event.share)} probing ${event.method}  ${duration(event.secondsLeft)} of the budget left`);
          return;
        case 'probed':
          line(
            event.failed === undefined
              ? `${event.method}: ${percent(event.top1!)} after ${event.epochs} epoch${event.epochs === 1 ? '' : 's'} (${duration(event.seconds!)})`
              : `${event.method}: failed: ${event.failed}`,
          );
          return;
        case 'advice':
          clear();
      }
    },
  };
}
