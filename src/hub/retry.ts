// Asking again: after a cut connection, when the hub says to wait (429) or is down for a moment (5xx).
import { setTimeout as sleep } from 'node:timers/promises';
import { HubError, messageOf } from '../base/errors.ts';

/** Attempts in a row that bring nothing before giving up. */
export const attempts = 6;
/** Milliseconds before the second attempt; doubled each time. */
const firstWait = 500;
/** The longest wait, milliseconds, also where the hub asks for more. */
const longestWait = 60_000;

/** An answer of the hub that another attempt may better. */
export class TemporaryFailure extends Error {
  /** Milliseconds that the hub asks to wait. */
  readonly wait: number | undefined;
  constructor(message: string, wait?: number) {
    super(message);
    this.wait = wait;
  }
}

/** Milliseconds of a Retry-After header: seconds, or a date. */
export function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

/** Throws TemporaryFailure for 429 and 5xx. */
export function requireAnswer(response: Response): void {
  if (response.status === 429 || response.status >= 500)
    throw new TemporaryFailure(`the hub answered ${response.status}`, retryAfter(response.headers.get('retry-after')));
}

/** fetch that asks again; other statuses are the caller's. `scale` shortens waits. */
export const patientFetch =
  (scale = 1): typeof fetch =>
  (input, init) =>
    patiently(
      async () => {
        const response = await fetch(input, init);
        requireAnswer(response);
        return response;
      },
      { scale },
    );

/** fetch's own errors: no connection, or one that was cut. */
const isTemporary = (error: unknown) =>
  error instanceof TemporaryFailure || (error instanceof TypeError && /fetch failed|terminated/.test(error.message));

/**
 * Runs `work` until it succeeds. `progress` counts what was got so far: an attempt that got further starts the count of
 * attempts anew. Throws HubError when it gives up; errors that aren't temporary at once.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  { scale = 1, progress = () => 0 }: { readonly scale?: number; readonly progress?: () => number } = {},
): Promise<T> {
  let failed = 0;
  let got = progress();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isTemporary(error)) throw error;
      failed = progress() > got ? 1 : failed + 1;
      got = progress();
      if (failed >= attempts) {
        const cause = error instanceof Error && error.cause ? ` (${messageOf(error.cause)})` : '';
        throw new HubError(
          `the hub can't be reached: ${messageOf(error)}${cause}, ${attempts} times; try again later`,
          {
            cause: error,
          },
        );
      }
      const asked = error instanceof TemporaryFailure ? error.wait : undefined;
      await sleep(scale * Math.min(longestWait, asked ?? firstWait * 2 ** (failed - 1)));
    }
  }
}
