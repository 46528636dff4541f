// The pictures of a study's own data, by the names that its predictions have. Nothing else on the disk can be asked for: a name
// is looked up among the listed pictures and never becomes a path here.
import { DataError } from '../../base/errors.ts';
import type { Picture } from '../../data/dataset.ts';
import { thumbnail } from '../../data/thumbnail.ts';
import type { TrialSpec } from '../../study/trial.ts';
import { openSplits } from '../../train/data-splits.ts';

type Run = TrialSpec['run'];

export interface StudyPictures {
  /** The encoded picture of a run's test pictures. Throws DataError where there is no such picture. */
  read(run: Run, name: string): Promise<Uint8Array>;
  /** A WebP of at most `side` pixels a side. Throws DataError. */
  small(run: Run, name: string, side: number): Promise<Uint8Array>;
}

/** Data sets that are held open: a study has a few, a listing of a million pictures some hundred megabytes. */
const mostListings = 8;

export function studyPictures(): StudyPictures {
  const listings = new Map<string, Promise<ReadonlyMap<string, Picture>>>();

  function picturesOf({ data, dataOptions, protocol }: Run): Promise<ReadonlyMap<string, Picture>> {
    const key = JSON.stringify([data, dataOptions, protocol]);
    const known = listings.get(key);
    if (known) return known;
    const opening = openSplits({ data, dataOptions, protocol }).then(
      ({ splits }) => new Map(splits.test.map((picture) => [picture.name, picture])),
    );
    opening.catch(() => listings.delete(key));
    if (listings.size >= mostListings) listings.delete(listings.keys().next().value!);
    listings.set(key, opening);
    return opening;
  }

  async function read(run: Run, name: string): Promise<Uint8Array> {
    const picture = (await picturesOf(run)).get(name);
    if (!picture) throw new DataError(`${run.data}: has no test picture ${JSON.stringify(name)}`);
    return picture.read();
  }
  return {
    read,
    small: async (run, name, side) => thumbnail(name, await read(run, name), side),
  };
}
