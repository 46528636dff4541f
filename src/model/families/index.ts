// The registry of checkpoint families: one line each.
import type { Family, UnconfiguredFamily } from './family.ts';
import { googleNpz } from './google-npz.ts';
import { huggingFaceClip, huggingFaceSiglip } from './hugging-face-clip.ts';
import { huggingFaceDinov2, huggingFaceDinov2Registers } from './hugging-face-dinov2.ts';
import { huggingFaceDinov3 } from './hugging-face-dinov3.ts';
import { huggingFaceDeit, huggingFaceVit } from './hugging-face-vit.ts';
import { openaiClip } from './openai-clip.ts';
import { stateDict } from './state-dict.ts';
import { timm } from './timm.ts';

export const families: readonly Family[] = [
  huggingFaceVit,
  huggingFaceDeit,
  huggingFaceDinov2,
  huggingFaceDinov2Registers,
  huggingFaceDinov3,
  huggingFaceClip,
  huggingFaceSiglip,
  timm,
];

/** Those whose files have no config.json. */
export const unconfiguredFamilies: readonly UnconfiguredFamily[] = [googleNpz, openaiClip, stateDict];
