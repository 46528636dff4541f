// The op table: every operator there is. The table's test checks each row against the runtime and finite differences.
import type { Op } from '../types.ts';
import { attentionOp } from './attention.ts';
import { conv2dOp, convTranspose2dOp } from './conv.ts';
import * as e from './elementwise.ts';
import { gemmOp, matmulOp } from './linear.ts';
import { oneHotOp } from './loss.ts';
import { layerNormOp, logSoftmaxOp, softmaxOp } from './norm.ts';
import { maxOp, meanOp, sumOp } from './reduce.ts';
import * as s from './shape.ts';

export const opTable: readonly Op[] = [
  e.addOp,
  e.subOp,
  e.mulOp,
  e.divOp,
  e.greaterOp,
  e.negOp,
  e.expOp,
  e.logOp,
  e.sqrtOp,
  e.erfOp,
  e.tanhOp,
  e.sigmoidOp,
  e.reluOp,
  e.absOp,
  e.signOp,
  e.geluOp,
  e.detachOp,
  e.castOp,
  e.whereOp,
  s.reshapeOp,
  s.transposeOp,
  s.expandOp,
  s.sliceOp,
  s.padOp,
  s.concatOp,
  s.splitOp,
  sumOp,
  meanOp,
  maxOp,
  gemmOp,
  matmulOp,
  layerNormOp,
  softmaxOp,
  logSoftmaxOp,
  attentionOp,
  conv2dOp,
  convTranspose2dOp,
  oneHotOp,
];
