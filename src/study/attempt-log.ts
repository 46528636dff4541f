// What an attempt told until it failed, for whoever looks for the reason: its events one a line, then the error with its stack and
// causes. Kept with the attempt, as the run's folder and the worker's terminal may be another machine's.
import { hostname } from 'node:os';
import { inspect } from 'node:util';
import type { RunEvent } from '../train/events.ts';

/** Lines of events kept: the newest. */
const mostLines = 200;
/** Characters of an error's account kept: deep causes are long. */
const mostOfError = 8_000;

/** Of these only the newest in a row says something. */
const repeated: ReadonlySet<RunEvent['type']> = new Set(['decoding', 'features', 'step', 'saved']);

/** An event without its name, and without what the trial's record holds already. */
function factsOf(event: RunEvent): object {
  const { type: _, ...facts } = event;
  if (event.type !== 'start') return facts;
  const { folder, pictures, unreadable, resumedFrom } = event;
  return { folder, pictures, unreadable: unreadable.length, resumedFrom };
}

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();

export interface AttemptLog {
  add(event: RunEvent): void;
  /** The whole, with the error that ended the attempt. */
  withError(error: unknown): string;
}

export function createAttemptLog(worker: string): AttemptLog {
  // Written out only where the attempt fails: every step is told.
  const told: { readonly at: number; readonly event: RunEvent }[] = [];
  return {
    add(event) {
      if (repeated.has(event.type) && told.at(-1)?.event.type === event.type) told.pop();
      told.push({ at: Date.now(), event });
      if (told.length > mostLines) told.shift();
    },
    withError: (error) =>
      [
        `worker ${worker}, process ${process.pid} on ${hostname()}, Node ${process.version}`,
        ...told.map(({ at, event }) => `${timeOf(at)} ${event.type} ${JSON.stringify(factsOf(event))}`),
        `${timeOf(Date.now())} failed`,
        inspect(error).slice(0, mostOfError),
      ].join('\n'),
  };
}
