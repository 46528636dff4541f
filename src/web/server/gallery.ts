// The report's gallery: pictures that only one method gets right, small, inside the file.
import { onlyOneRight } from '../../analysis/oracle.ts';
import { formatCell } from '../../analysis/table.ts';
import type { GalleryPicture } from '../../report/study-records.ts';
import type { AnalysisRecords } from '../../study/analysis-records.ts';
import type { StudyRow } from '../../study/rows.ts';
import type { Store } from '../../study/store.ts';
import { type StudyPictures, studyPictures } from './pictures.ts';

/** Pictures in all, and their side: a report stays below a megabyte. */
const most = 24;
const side = 128;

/** The most confident ones of each data set, in turn. Throws DataError where the data isn't there any more. */
export async function galleryOf(
  store: Pick<Store, 'trials' | 'spec'>,
  study: StudyRow,
  { predictions }: Pick<AnalysisRecords, 'predictions'>,
  pictures: StudyPictures = studyPictures(),
): Promise<GalleryPicture[]> {
  const rows = await store.trials(study.id);
  const sets = predictions.filter(({ test }) => test.length > 1);
  const each = Math.floor(most / Math.max(1, sets.length));
  const gallery: GalleryPicture[] = [];
  for (const { data, test } of sets) {
    const final = rows.find(
      ({ cell, phase, state }) => study.cells[cell]!.data === data && phase === 'final' && state === 'done',
    )!;
    const { run } = await store.spec(final.id);
    for (const [name, label, method, confidence] of onlyOneRight(test).rows.slice(0, each)) {
      const small = await pictures.small(run, String(name), side);
      gallery.push({
        name: `${data}: ${name}`,
        image: `data:image/webp;base64,${Buffer.from(small).toString('base64')}`,
        caption: `${label}: only ${method} (${formatCell(confidence!, 'share')} %)`,
      });
    }
  }
  return gallery;
}
