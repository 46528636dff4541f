// Data ready for a run: what a source lists, divided by a protocol.
import { existsSync } from 'node:fs';
import { corruptionsNamed, withCorruptions } from './corruptions/corrupted.ts';
import type { Dataset, SplitOptions } from './dataset.ts';
import { configureProtocol, type ProtocolInput } from './protocols/index.ts';
import { type ListOptions, openListing } from './sources/index.ts';

export interface OpenOptions extends SplitOptions, Pick<ListOptions, 'source' | 'onWarning'> {
  /** Left out = holdout. */
  readonly protocol?: ProtocolInput;
}

/** Opens the data at `path`, or of a built-in name. Throws DataError, and OptionError for an unknown source or protocol. */
export async function openDataset(path: string, options: OpenOptions): Promise<Dataset> {
  const corrupted = existsSync(path) ? undefined : corruptionsNamed(path);
  if (corrupted) return withCorruptions(await openDataset(corrupted.data, options), corrupted.severities);
  const configured = configureProtocol(options.protocol ?? {});
  const { protocol, rounds } = configured;
  const { source, onWarning } = options;
  const listing = await openListing(path, { source, onWarning, prefer: protocol.prefers });
  const round = options.protocol?.round ?? rounds.at(-1)!;
  const { name, root, classes } = listing;
  return { name, root, classes, ...protocol.divide(listing, round, configured.options, options) };
}
