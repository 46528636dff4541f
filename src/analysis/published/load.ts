// Reads the packed study from the package.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { asPublishedStudy, type PublishedStudy } from './study.ts';

/** reference/ of the package: three rooms up, from src/ and from dist/ alike. */
const file = new URL('../../../reference/published.json.gz', import.meta.url);

/** The published study's results and trials. Throws DataError where the file is another. */
export function loadPublishedStudy(): PublishedStudy {
  return asPublishedStudy(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')));
}
