// The few error classes of vitune. A message says who, the rule, what it got and what to do instead, in one line.

/** Details that travel with an error: extra lines (`-` missing, `+` extra), and the error that caused it. */
export interface ErrorDetails {
  readonly lines?: readonly string[];
  readonly cause?: unknown;
}

/** Any failure that vitune foresaw. Its message is meant for the user; a stack trace is not. */
export class VituneError extends Error {
  /** Further lines for the user, one fact each. */
  readonly lines: readonly string[];
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.lines = details.lines ?? [];
  }
}

/** An option, a spec or a command line that breaks a rule. */
export class OptionError extends VituneError {}

/** Pictures, labels or splits that can't be used. */
export class DataError extends VituneError {}

/** A model folder or weight file that can't be read, or doesn't fit. */
export class CheckpointError extends VituneError {}

/** A model of the hub that can't be had, or an answer of the hub that can't be trusted. */
export class HubError extends VituneError {}

/** A run folder, adapter or saved state that can't be used as asked. */
export class RunError extends VituneError {}

/** An execution provider that is missing, or a graph that it refused. */
export class DeviceError extends VituneError {}

/** Training left the finite numbers. */
export class DivergenceError extends VituneError {}

/** A mistake inside vitune or in code that extends it (a wrong shape, an unknown site): never the user's data. */
export class InternalError extends VituneError {}

/** One line for any thrown value, without a stack. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? text;
}
