// A decoded training picture as one epoch sees it: copied from its pack, or a random part of it. Runs on the main thread and
// in the prefetching worker alike.
import { type Augmentation, augment } from './augment.ts';
import { openReader, type PackReader } from './pack-file.ts';

export interface ViewOptions {
  readonly bytesPerPicture: number;
  /** Height and width of the pack's pictures, and those wanted. */
  readonly held: readonly [height: number, width: number];
  readonly wanted: readonly [height: number, width: number];
  readonly augmentation: Augmentation;
  readonly seed: number;
}

/** Writes picture `index`, as `epoch` sees it, into `out` at byte `offset`. */
export type View = (index: number, epoch: number, out: Uint8Array, offset: number) => void;

export const isAugmented = ({ flip, randomResizedCrop }: Augmentation): boolean => flip || randomResizedCrop;

export function viewOf(
  { copy }: Pick<PackReader, 'copy'>,
  { bytesPerPicture, held, wanted, augmentation, seed }: ViewOptions,
): View {
  if (!isAugmented(augmentation)) return (index, _epoch, out, offset) => copy(index, out, offset);
  const rgb = new Uint8Array(bytesPerPicture);
  return (index, epoch, out, offset) => {
    copy(index, rgb, 0);
    const pixels = { width: held[1], height: held[0], rgb };
    out.set(augment(pixels, wanted, augmentation, { seed, epoch, index }), offset);
  };
}

/** The same for a pack's file, opened anew. */
export const viewOfFile = (path: string, options: ViewOptions): View =>
  viewOf(openReader(path, options.bytesPerPicture), options);
