// The registry: one line a protocol.
import { OptionError } from '../../base/errors.ts';
import { type OptionValue, parseOptions, type ValuesOf } from '../../base/options.ts';
import { unknownName } from '../../base/suggest.ts';
import { fewShot } from './few-shot.ts';
import { holdout } from './holdout.ts';
import { kFold } from './k-fold.ts';
import { manyShot } from './many-shot.ts';
import type { Protocol } from './protocol.ts';
import { robustness } from './robustness.ts';
import { vtab1k } from './vtab-1k.ts';

export const protocols: readonly Protocol[] = [holdout, kFold, fewShot, manyShot, robustness, vtab1k];

export const defaultProtocol = holdout.name;

export const protocolNames: readonly string[] = protocols.map(({ name }) => name);

/** The protocol called `name`. Throws OptionError with the nearest known name. */
export function protocolNamed(name: string): Protocol {
  const protocol = protocols.find((p) => p.name === name);
  if (!protocol) throw new OptionError(unknownName('protocol', name, protocolNames));
  return protocol;
}

/** A protocol as a spec holds it: one of its rounds, options checked and defaulted. */
export interface ProtocolChoice {
  readonly name: string;
  readonly round: string;
  readonly options: Readonly<Record<string, OptionValue>>;
}

export interface ProtocolInput {
  readonly name?: string | undefined;
  /** Left out = the last of them, which has the result. */
  readonly round?: string | undefined;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

interface Configured {
  readonly protocol: Protocol;
  readonly options: ValuesOf<Protocol['options']>;
  readonly rounds: readonly string[];
}

/** Throws OptionError for an unknown protocol or a bad option. */
export function configureProtocol({ name = defaultProtocol, options = {} }: ProtocolInput): Configured {
  const protocol = protocolNamed(name);
  const parsed = parseOptions(`protocol ${name}`, protocol.options, options);
  return { protocol, options: parsed, rounds: protocol.rounds(parsed) };
}

/** Throws OptionError for a number of training pictures that the protocol would pass over in silence. */
export function checkTrainCount({ name }: ProtocolChoice, trainCount: number): void {
  const { countedBy } = protocolNamed(name);
  if (trainCount > 0 && countedBy !== undefined)
    throw new OptionError(
      `protocol ${name}: takes no trainCount, got ${trainCount}: ${countedBy} says how many pictures are trained on`,
    );
}

/** Checks and defaults everything. Throws OptionError. */
export function chooseProtocol(input: ProtocolInput): ProtocolChoice {
  const { protocol, options, rounds } = configureProtocol(input);
  const round = input.round ?? rounds.at(-1)!;
  if (!rounds.includes(round))
    throw new OptionError(`protocol ${protocol.name}: ${unknownName('round', round, rounds)}`);
  return { name: protocol.name, round, options };
}
