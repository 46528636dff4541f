// The registry of sources: one line each.
import type { Dataset, Source, SplitOptions } from '../dataset.ts';
import { imageFolder } from './image-folder.ts';

export const sources: readonly Source[] = [imageFolder];

/** Opens the data at `path`. Throws DataError. */
export function openDataset(path: string, options: SplitOptions): Promise<Dataset> {
  return imageFolder.open(path, options);
}
