// How a study uses the rounds of a data protocol. Where a protocol has a round for tuning (VTAB-1k's 800/200), grid points are
// trained in it and the final runs in the protocol's last one; else both are the same round, and the final runs add the
// validation pictures to the training ones.
import { configureProtocol, type ProtocolChoice } from '../data/protocols/index.ts';
import type { RunSpec } from '../train/spec.ts';
import type { DataFacts, StudyEnvironment } from './environment.ts';

/** The rounds that a study tunes in, each with its own data and results: one, unless the protocol has folds. */
export function tuningRounds({ name, options }: Pick<ProtocolChoice, 'name' | 'options'>): readonly string[] {
  const { protocol, rounds } = configureProtocol({ name, options });
  return protocol.tuningRound === undefined ? rounds : [protocol.tuningRound];
}

function finalRound({ name, options, round }: ProtocolChoice): string {
  const { protocol, rounds } = configureProtocol({ name, options });
  return protocol.tuningRound === undefined ? round : rounds.at(-1)!;
}

/** The final run of a chosen grid point: on all pictures that tuning used, tested. */
export function finalRun(run: RunSpec, seed: number): RunSpec {
  const round = finalRound(run.protocol);
  return {
    ...run,
    training: { ...run.training, seed },
    dataOptions: { ...run.dataOptions, trainOnVal: round === run.protocol.round },
    protocol: { ...run.protocol, round },
  };
}

/**
 * What the data of a trial hold, tuning and final runs taken together, so that all trials of a cell have one fingerprint:
 * training and validation pictures of tuning, test pictures of the final runs. Throws what the environment throws.
 */
export async function studyData(
  environment: Pick<StudyEnvironment, 'data'>,
  { data, dataOptions, protocol }: Pick<RunSpec, 'data' | 'dataOptions' | 'protocol'>,
): Promise<DataFacts> {
  const { protocol: record } = configureProtocol(protocol);
  const ask = (round: string) =>
    environment.data({ data, dataOptions: { ...dataOptions, trainOnVal: false }, protocol: { ...protocol, round } });
  const last = finalRound(protocol);
  const tuning = await ask(record.tuningRound ?? last);
  if (record.tuningRound === undefined) return tuning;
  const final = await ask(last);
  return {
    ...tuning,
    pictures: { ...tuning.pictures, test: final.pictures.test },
    testPasses: final.testPasses,
    fingerprint: `${tuning.fingerprint} ${final.fingerprint}`,
  };
}
