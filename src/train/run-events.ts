// The events that tell what a run is, before its first step.
import { sizeOf } from '../base/tensor.ts';
import type { RunEvent } from './events.ts';
import type { TrainedParameters } from './graphs.ts';
import type { ProbeResult } from './probe.ts';
import type { Run } from './run-context.ts';

export function startEvent(run: Run, trained: TrainedParameters): RunEvent {
  const { data, backbone, spec } = run;
  const backboneTrained = trained.specs.filter((s) => s.role === 'backbone').reduce((n, s) => n + sizeOf(s.shape), 0);
  return {
    type: 'start',
    id: run.id,
    folder: run.folder,
    spec,
    classes: data.classes,
    pictures: {
      train: data.train.count,
      val: data.val.count,
      test: data.tests.get('test')?.count ?? 0,
      shifted: Object.fromEntries(
        [...data.tests].flatMap(([set, { count }]) => (set === 'test' ? [] : [[set, count]])),
      ),
    },
    splitRule: data.splitRule,
    unreadable: data.unreadable,
    trainable: trained.count,
    trainableWithoutHead: trained.countWithoutHead,
    total: backbone.parameterCount + trained.count - backboneTrained,
    resumedFrom: run.saved?.progress.step ?? 0,
  };
}

/** Evaluation costs about a third of training a picture: forward only. */
export function probeEvent(
  { spec, data }: Run,
  { microBatch, secondsPerPicture, peakMemoryBytes }: ProbeResult,
): RunEvent {
  const tested = [...data.tests.values()].reduce((n, { count }) => n + count, 0);
  const passes = spec.training.epochs * (data.train.count + data.val.count / 3) + tested / 3;
  return {
    type: 'probe',
    microBatch,
    imagesPerSecond: 1 / secondsPerPicture,
    secondsExpected: passes * secondsPerPicture,
    peakMemoryBytes,
  };
}
