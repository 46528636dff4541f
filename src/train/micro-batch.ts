// How many pictures a run takes at once: what was asked for, or what a short probe finds fastest.
import type { Json } from '../base/identity.ts';
import { cacheFolder } from '../data/cache.ts';
import { widestLayer } from './at-once.ts';
import type { Entering } from './features.ts';
import type { TrainedParameters } from './graphs.ts';
import { type ProbeResult, probe } from './probe.ts';
import type { Run } from './run-context.ts';
import type { TrainingPictures } from './run-data.ts';
import type { Trainer } from './trainer.ts';

/** Times one step of some sizes on the first pictures, without keeping what it changes. */
export function chooseMicroBatch(
  run: Run,
  trained: TrainedParameters,
  entering: Entering<TrainingPictures>,
  trainerOf: (batchSize: number, microBatch: number) => Promise<Trainer>,
): Promise<ProbeResult> {
  const { spec, data, backbone, runtime } = run;
  return probe({
    widest: widestLayer(backbone.config, entering.cut),
    batchSize: Math.min(spec.training.batchSize, data.train.count),
    microBatch: spec.training.microBatch,
    signature: {
      config: backbone.config as unknown as Json,
      methods: spec.methods as unknown as Json,
      optimizer: spec.training.optimizer,
      trained: trained.count,
      precision: spec.training.precision,
      from: entering.from,
      ...runtime.options,
      engine: runtime.engine,
    },
    cacheFolder: cacheFolder(),
    async time(microBatch) {
      const trainer = await trainerOf(microBatch, microBatch);
      const indices = Array.from({ length: Math.min(microBatch, data.train.count) }, (_, i) => i);
      const once = () => trainer.step({ pictures: entering.pictures, indices, epoch: 0, step: 0, learningRate: 0 });
      await once();
      const begun = performance.now();
      await once();
      const seconds = (performance.now() - begun) / 1000;
      await trainer.dispose();
      return seconds;
    },
  });
}
