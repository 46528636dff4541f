// What advice is, and how it follows from what was measured: a ranked short list with expected accuracies, costs and reasons.

import { type ExpectedMethod, expectation, type Standing } from '../analysis/advise/expected.ts';
import { drawAccuracies, type Measurement, type MethodPrior } from '../analysis/advise/transfer.ts';
import type { Interval } from '../analysis/statistics/bootstrap.ts';
import type { Question } from './options.ts';
import type { StartPoint } from './warm-start.ts';

/** A finished probe, or why there is none. */
export interface ProbeRecord {
  readonly method: string;
  readonly epochs: number;
  readonly top1?: number;
  /** Training and validation, without the waiting for data to be decoded. */
  readonly seconds?: number;
  /** It failed: the reason. */
  readonly failed?: string;
}

export interface AdvisedMethod {
  readonly method: string;
  readonly standing: Standing;
  /** Test accuracy of the whole run, with the interval of 95 %. */
  readonly expected: Interval;
  readonly againstBest: Interval;
  /** Of the whole run; measured by a probe, or reckoned from the backbone's speed. */
  readonly seconds: number;
  readonly secondsMeasured: boolean;
  /** Trainable scalars without the head, at the first point. */
  readonly parameters: number;
  readonly probe: ProbeRecord | undefined;
  readonly reason: string;
  /** Grid points to try, best first. */
  readonly points: readonly StartPoint[];
}

export interface Advice {
  readonly data: string;
  readonly model: string;
  readonly epochs: number;
  readonly seed: number;
  /** Best to try first. */
  readonly methods: readonly AdvisedMethod[];
  readonly take: string;
  readonly best: string;
  readonly words: string;
  /** The linear head on cached features, on validation. */
  readonly head: { readonly top1: number; readonly pictures: number } | undefined;
  readonly folder: string;
  readonly seconds: number;
  /** False where Ctrl-C or the budget ended it before everything that seemed worth it was probed. */
  readonly complete: boolean;
}

export interface Candidate {
  readonly method: string;
  readonly points: readonly StartPoint[];
  readonly parameters: number;
  readonly headOnly: boolean;
  /** Forward passes of the backbone that a training step costs (analysis/advise/cost.ts). */
  readonly relativeCost: number;
}

export interface Findings {
  readonly head: { readonly top1: number; readonly pictures: number } | undefined;
  readonly probes: readonly ProbeRecord[];
  /** Of the backbone, forward only. */
  readonly secondsPerPicture: number;
  readonly pictures: number;
}

/** Seconds of an epoch: by the method's own probe, else by the other probes' ratio to what was reckoned. */
export function epochSeconds(candidate: Candidate, { probes, secondsPerPicture, pictures }: Findings): number {
  const own = probes.find(({ method, seconds }) => method === candidate.method && seconds !== undefined);
  return own ? own.seconds! / own.epochs : candidate.relativeCost * secondsPerPicture * pictures;
}

/** The measurements that expectations stand on. */
export function measurementsOf(candidates: readonly Candidate[], { head, probes }: Findings): Measurement[] {
  const cached = candidates.find(({ headOnly }) => headOnly);
  return [
    ...(head && cached ? [{ method: cached.method, ...head, short: false }] : []),
    ...probes.flatMap(({ method, top1 }) =>
      top1 === undefined ? [] : [{ method, top1, pictures: head?.pictures ?? 1, short: true }],
    ),
  ];
}

/** The prior of the candidates alone, in their order. */
export function priorOf(prior: MethodPrior, candidates: readonly Candidate[]): MethodPrior {
  const indices = candidates.map(({ method }) => prior.methods.indexOf(method));
  return {
    ...prior,
    methods: candidates.map(({ method }) => method),
    mean: indices.map((i) => prior.mean[i]!),
    covariance: indices.map((a) => indices.map((b) => prior.covariance[a]![b]!)),
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function reasonFor(
  { standing, method }: ExpectedMethod,
  take: string,
  candidate: Candidate,
  findings: Findings,
): string {
  const probe = findings.probes.find((p) => p.method === method);
  const measured = probe?.failed
    ? `its probe failed (${probe.failed})`
    : probe
      ? `${percent(probe.top1!)} on validation after ${probe.epochs} epoch${probe.epochs === 1 ? '' : 's'}`
      : candidate.headOnly && findings.head
        ? `${percent(findings.head.top1)} on validation with cached features`
        : 'by the published study, given what was measured here';
  const place = {
    best: 'highest expected accuracy',
    alike: 'not told from the best',
    open: 'may be as good, not settled',
    worse: 'expected to be worse',
  }[standing];
  return `${method === take && standing === 'alike' ? 'the cheapest that is ' : ''}${place}; ${measured}`;
}

/** Draws the conclusions. A method whose probe failed is left out of the choice and comes last. */
export function adviceFrom(
  question: Question,
  published: MethodPrior,
  candidates: readonly Candidate[],
  findings: Findings,
  how: Pick<Advice, 'folder' | 'seconds' | 'complete'>,
): Advice {
  const failed = new Set(findings.probes.filter((p) => p.failed !== undefined).map(({ method }) => method));
  const fine = candidates.filter(({ method }) => !failed.has(method));
  const chosen = fine.length > 0 ? fine : candidates;
  const prior = priorOf(published, chosen);
  const draws = drawAccuracies(prior, measurementsOf(chosen, findings), { seed: question.seed });
  const whole = (candidate: Candidate) => question.epochs * epochSeconds(candidate, findings);
  const result = expectation(prior.methods, draws, chosen.map(whole), { tolerance: question.tolerance / 100 });
  const { data, model, epochs, seed } = question;
  return {
    ...{ data, model, epochs, seed, ...how },
    head: findings.head,
    ...{ take: result.take, best: result.best, words: result.words },
    methods: result.methods.map((row) => {
      const candidate = chosen.find(({ method }) => method === row.method)!;
      const probe = findings.probes.find(({ method }) => method === row.method);
      const { method, standing, expected, againstBest } = row;
      return {
        ...{ method, standing, expected, againstBest, probe },
        seconds: row.cost,
        secondsMeasured: probe?.seconds !== undefined,
        parameters: candidate.parameters,
        reason: reasonFor(row, result.take, candidate, findings),
        points: candidate.points,
      };
    }),
  };
}
