// Draws the two data sets of examples/study-mini.yaml into runs/study-mini: Noto's emoji in 7 classes; discs, squares and
// crosses of random place, size and colour.
import { join } from 'node:path';
import { writePictures } from '../test/support/tiny.ts';
import { renderNoto } from './lib/noto.ts';

const folder = join('runs', 'study-mini');
await renderNoto(join(folder, 'emoji'), 98);
await writePictures(join(folder, 'shapes'), 80);
