// Data ready for a run: what a source lists, divided by a protocol.
import type { Dataset, SplitOptions } from './dataset.ts';
import { configureProtocol, type ProtocolInput } from './protocols/index.ts';
import { type ListOptions, openListing } from './sources/index.ts';

export interface OpenOptions extends SplitOptions, Pick<ListOptions, 'source' | 'onWarning'> {
  /** Left out = holdout. */
  readonly protocol?: ProtocolInput;
}

/** Opens the data at `path`, or of a built-in name. Throws DataError, and OptionError for an unknown source or protocol. */
export async function openDataset(path: string, options: OpenOptions): Promise<Dataset> {
  const configured = configureProtocol(options.protocol ?? {});
  const { protocol, rounds } = configured;
  const { source, onWarning } = options;
  const listing = await openListing(path, { source, onWarning, prefer: protocol.prefers });
  const round = options.protocol?.round ?? rounds.at(-1)!;
  const { name, root, classes, shiftsOf } = listing;
  const { splits, shifts, splitRule } = protocol.divide(listing, round, configured.options, options);
  return { name, root, classes, splits, splitRule, shifts: new Map([...shifts, ...(shiftsOf?.(splits.test) ?? [])]) };
}
