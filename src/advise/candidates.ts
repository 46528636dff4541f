// The methods that advice chooses among: those of the published study that the backbone takes, each with its warm start, what
// it trains and what a step of it costs.
import { relativeCost } from '../analysis/advise/cost.ts';
import type { PublishedStudy } from '../analysis/published/study.ts';
import { OptionError } from '../base/errors.ts';
import { unknownName } from '../base/suggest.ts';
import { configureMethod } from '../methods/index.ts';
import type { Backbone } from '../model/load.ts';
import { trainedParameters } from '../train/graphs.ts';
import type { Candidate } from './advice.ts';
import { type Question, specAt } from './options.ts';
import { warmStart } from './warm-start.ts';

/** Grid points a method: the published study's methods have 4 to 80, of which the first dozen lose little (docs/analysis.md). */
const pointsEach = 12;

/** Throws OptionError for a method that the study doesn't have, and where none is left. */
export function candidatesFor(
  study: PublishedStudy,
  question: Question,
  backbone: Backbone,
  classes: number,
): Candidate[] {
  const known = study.methods.map(({ name }) => name);
  for (const name of question.methods ?? [])
    if (!known.includes(name)) throw new OptionError(`advise: ${unknownName('published method', name, known)}`);
  const wanted = study.methods.filter(({ name }) => question.methods?.includes(name) ?? true);
  const candidates = wanted.flatMap((rule): Candidate[] => {
    const points = warmStart(study, rule.name, pointsEach);
    const taken = points.filter(({ options }) => {
      const { method, options: full } = configureMethod({ name: rule.name, options });
      return method.refuses?.(backbone.config, full) === undefined;
    });
    if (taken.length === 0) return [];
    const { methods } = specAt(question, rule.name, taken[0]!, 1);
    const trained = trainedParameters({
      ...{ config: backbone.config, weights: backbone.weights, classes, dropPath: 0, labelSmoothing: 0 },
      methods: methods.map(configureMethod),
      decayOn: 'all',
    });
    const { prompts, trains } = rule;
    const added = Number(taken[0]!.options.prompts ?? 0);
    return [
      {
        method: rule.name,
        points: taken,
        parameters: trained.countWithoutHead,
        headOnly: trains === 'head',
        relativeCost: relativeCost(
          { method: rule.name, params: { added } },
          { trains, ...(prompts && { prompts: 'added' }) },
        ),
      },
    ];
  });
  if (candidates.length === 0)
    throw new OptionError('advise: the backbone takes none of the methods asked about; leave --methods out');
  return candidates;
}
