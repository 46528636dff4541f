// Train on one domain, test on it and on shifted ones, as ImageNet with -V2, -R, -Sketch and -A (Wortsman et al. 2022, WiSE-FT;
// Mai et al. 2024, section 7).
import { DataError } from '../../base/errors.ts';
import { unknownName } from '../../base/suggest.ts';
import { type Listing, wholePart } from '../dataset.ts';
import { holdOut } from './holdout.ts';
import { asCheckpoint, defineProtocol } from './protocol.ts';

/** The domain to train on: the one asked for, `train`, or the first. */
function trainingDomain({ root, parts }: Listing, wanted: string): string {
  const domains = [...parts.keys()];
  if (wanted !== '' && !parts.has(wanted))
    throw new DataError(`data ${root}: ${unknownName('domain', wanted, domains)}`);
  const chosen = wanted || (parts.has('train') ? 'train' : domains[0]!);
  const others = domains.filter((domain) => domain !== chosen && domain !== 'val' && domain !== 'test');
  if (others.length === 0)
    throw new DataError(
      `data ${root}: has no domain beside ${chosen} to test on; lay it out as <domain>/<class>/<picture>, or join sets in a JSON file`,
    );
  return chosen;
}

export const robustness = defineProtocol({
  name: 'robustness',
  summary: 'trained on one domain, tested on it and on all others',
  prefers: 'domain-folders',
  options: {
    train: { type: 'text', default: '', help: 'the domain to train on (left out = train, or the first)' },
    among: {
      type: 'choice',
      choices: ['own', 'all'],
      default: 'own',
      help: 'classes that a test set with a part of them is scored among',
    },
  },
  choices: {
    split:
      "validation and test are the data's own where the training domain is called train, else cut off the training domain; of the other domains every picture is tested on, among the classes that the domain has",
    selection:
      'validation top-1 in the training domain, where --keep best or --patience asks for it; shifted sets select nothing',
    seeds: '--split-seed for the cuts, --seed for everything in training',
    ...asCheckpoint,
  },
  rounds: () => ['robustness'],
  amongOwnClasses: ({ among }) => among === 'own',
  divide(listing, _round, options, split) {
    const domain = trainingDomain(listing, options.train);
    const { parts } = listing;
    const own = ['train', 'val', 'test'].flatMap((name) =>
      parts.has(name) ? [[name, parts.get(name)!] as const] : [],
    );
    const held = domain === 'train' && parts.has('test') ? new Map(own) : new Map([[wholePart, parts.get(domain)!]]);
    const divided = holdOut({ ...listing, parts: held }, split);
    const used = new Set([domain, ...(held.has('test') ? held.keys() : [])]);
    const shifts = new Map([...parts].filter(([name]) => !used.has(name)));
    return { ...divided, shifts, splitRule: `trained on ${domain}, ${divided.splitRule}` };
  },
});
