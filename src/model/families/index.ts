// The registry of checkpoint families: one line each.
import type { Family } from './family.ts';
import { huggingFaceDinov2, huggingFaceVit } from './hugging-face.ts';

export const families: readonly Family[] = [huggingFaceVit, huggingFaceDinov2];
