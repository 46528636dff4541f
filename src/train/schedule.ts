// Learning-rate schedules as pure functions of the step.

interface Cosine {
  /** Peak. */
  readonly learningRate: number;
  readonly epochs: number;
  readonly warmupEpochs: number;
  readonly minLearningRate: number;
  /** Learning rate that the warm-up starts from. */
  readonly warmupStart: number;
}

export type Schedule =
  | { readonly kind: 'constant'; readonly learningRate: number }
  /** Linear warm-up, then half a cosine over the rest, both by the step. */
  | ({ readonly kind: 'warmup-cosine' } & Cosine)
  /**
   * The published study's, by the epoch (timm's CosineLRScheduler as its trainer steps it): the cosine counts from epoch 0
   * also under the warm-up, and each epoch uses the value of the one before, so that the first two use `warmupStart`.
   */
  | ({ readonly kind: 'study' } & Cosine);

const halfCosine = (low: number, high: number, share: number) =>
  low + ((high - low) * (1 + Math.cos(Math.PI * share))) / 2;

/** The value that the study logs for epoch t; its optimizer has it one epoch later. */
function studyValue({ learningRate, epochs, warmupEpochs, minLearningRate, warmupStart }: Cosine, t: number): number {
  if (t < warmupEpochs) return warmupStart + (t * (learningRate - warmupStart)) / warmupEpochs;
  return halfCosine(minLearningRate, learningRate, t / epochs);
}

/** The learning rate of a step, 0-based, of a run with so many steps an epoch. */
export function learningRate(
  schedule: Schedule,
  at: { readonly step: number; readonly stepsPerEpoch: number },
): number {
  switch (schedule.kind) {
    case 'constant':
      return schedule.learningRate;
    case 'warmup-cosine': {
      const { learningRate: peak, epochs, warmupEpochs, minLearningRate, warmupStart } = schedule;
      const warmup = Math.round(warmupEpochs * at.stepsPerEpoch);
      // The first step already moves, and the peak is reached by the first step after the warm-up.
      if (at.step < warmup) return warmupStart + ((at.step + 1) * (peak - warmupStart)) / (warmup + 1);
      const total = epochs * at.stepsPerEpoch;
      return halfCosine(minLearningRate, peak, (at.step - warmup) / Math.max(1, total - warmup));
    }
    case 'study': {
      const epoch = Math.floor(at.step / at.stepsPerEpoch);
      if (epoch === 0) return schedule.warmupEpochs > 0 ? schedule.warmupStart : schedule.learningRate;
      return studyValue(schedule, epoch - 1);
    }
  }
}
