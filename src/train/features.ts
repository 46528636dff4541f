// The frozen part of a run's network, computed once a picture: where the graph can be cut (graph/cut.ts), whether keeping what
// lies below the cut is worth it, and the pictures as the graphs above the cut take them.
import { messageOf, OptionError } from '../base/errors.ts';
import { warnOnProcess } from '../data/dataset.ts';
import type { PackReader } from '../data/pack-file.ts';
import type { Cut } from '../graph/cut.ts';
import { evaluationAtOnce } from './at-once.ts';
import type { RunEvent } from './events.ts';
import { type FeaturePackOptions, featureLimit, openFeaturePack } from './feature-pack.ts';
import {
  featureGraph,
  frozenPart,
  type GraphUse,
  type PictureInput,
  type TrainedParameters,
  type Tuning,
} from './graphs.ts';
import type { Run } from './run-context.ts';
import type { EvaluationPictures, StoredPictures, TrainingPictures } from './run-data.ts';
import { telling } from './telling.ts';

/** Share of a graph's work that has to be saved, where nobody asked. */
const worthwhile = 0.1;

/** Pictures, and which of the graphs takes them as they are. */
export interface Entering<P> {
  readonly from: PictureInput;
  readonly pictures: P;
  /** Where they are features: the cut, for how large the graph above it is. */
  readonly cut?: Cut;
}

export type EvaluationUse = Exclude<GraphUse, 'training'>;

export interface RunFeatures {
  training(): AsyncGenerator<RunEvent, Entering<TrainingPictures>, void>;
  /** `times`: how often the run will read them. */
  evaluation(
    pictures: EvaluationPictures,
    times: number,
    use: EvaluationUse,
  ): AsyncGenerator<RunEvent, Entering<EvaluationPictures>, void>;
  close(): void;
}

export function openFeatures(run: Run, tuning: Tuning, trained: TrainedParameters): RunFeatures {
  const { data, spec, runtime, backbone } = run;
  const mode = run.options.featureCache ?? 'auto';
  const open: PackReader[] = [];
  const cuts = new Map<GraphUse, Cut | undefined>();
  const cutFor = (use: GraphUse): Cut | undefined => {
    if (!cuts.has(use)) cuts.set(use, frozenPart(tuning, trained, use));
    return cuts.get(use);
  };

  /** The rows of a set, or why there are none. */
  async function* rowsOf(
    pictures: StoredPictures,
    cut: Cut,
    times: number,
    order: FeaturePackOptions['order'],
  ): AsyncGenerator<RunEvent, PackReader | string | undefined, void> {
    const bytes = pictures.count * cut.width * 4;
    if (mode === 'auto' && cut.saved < worthwhile) return undefined;
    // What is read once was computed for nothing, but other runs may read it: worth it where it takes little space.
    if (mode === 'auto' && times < 2 && cut.width * 4 > pictures.bytesPerPicture) return undefined;
    const gigabytes = (n: number) => `${(n / 1e9).toFixed(1)} GB`;
    if (bytes > featureLimit())
      return `they take ${gigabytes(bytes)} and ${gigabytes(featureLimit())} are allowed; set VITUNE_FEATURES_GB to allow more`;
    try {
      const reader = yield* telling('features', (onProgress) =>
        openFeaturePack({
          pictures,
          model: featureGraph(cut, evaluationAtOnce(backbone.config, runtime.options.device)), // whatever runs above: all runs share them,
          weights: backbone.fingerprint,
          runtime,
          order,
          onProgress,
        }),
      );
      open.push(reader);
      return reader;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === undefined) throw cause;
      const why = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'the disk is full' : messageOf(cause);
      return `${why}; free some space, or set VITUNE_CACHE to another folder`;
    }
  }

  return {
    async *training() {
      const { unchanged } = data.train;
      const whole = { from: 'pixels', pictures: data.train } as const;
      const refuse = (why: string) => {
        if (mode === 'on')
          throw new OptionError(`--feature-cache on: features of the training pictures can't be kept: ${why}`);
        return whole;
      };
      if (mode === 'off') return whole;
      if (!unchanged)
        return refuse('augmentation makes them others in every epoch; leave out --flip and --random-resized-crop');
      const cut = cutFor('training');
      if (!cut) return refuse('nothing that the network computes is the same in every epoch with this method');
      const rows = yield* rowsOf(unchanged, cut, spec.training.epochs, 'any');
      if (rows === undefined) return whole;
      if (typeof rows === 'string') {
        warnOnProcess(`features of the training pictures can't be kept: ${rows}`);
        return refuse(rows);
      }
      const bytes = cut.width * 4;
      const pictures: TrainingPictures = {
        ...data.train,
        async read(indices, _epoch, out) {
          for (let i = 0; i < indices.length; i++) rows.copy(indices[i]!, out, i * bytes);
        },
        expect: () => {},
      };
      return { from: 'features', pictures, cut };
    },
    async *evaluation(pictures, times, use) {
      const whole = { from: 'pixels', pictures } as const;
      const cut = mode === 'off' || pictures.count === 0 ? undefined : cutFor(use);
      if (!cut) return whole;
      const rows = yield* rowsOf(pictures, cut, times, 'as they lie');
      if (rows === undefined || typeof rows === 'string') return whole;
      return { from: 'features', pictures: { ...pictures, copy: rows.copy }, cut };
    },
    close() {
      for (const reader of open) reader.close();
    },
  };
}
