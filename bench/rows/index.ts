// Every row of the comparison, in the order of the table.
import type { Row } from '../lib/row.ts';
import { fp32Steps } from './fp32-steps.ts';
import { inference } from './inference.ts';
import { int8Step } from './int8-step.ts';
import { linearProbe } from './linear-probe.ts';
import { memory } from './memory.ts';
import { smallRun } from './small-run.ts';
import { start } from './start.ts';
import { trialRows } from './trials.ts';

export const rows: readonly Row[] = [
  ...fp32Steps,
  int8Step,
  inference,
  linearProbe,
  ...memory,
  start,
  smallRun,
  ...trialRows,
];
