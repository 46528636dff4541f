// Training steps over decoded pictures: assembles micro-batches (pixels, labels, weights, noise) and hands them to the
// stepper. Knows nothing of epochs, files or events.
import { float32, int64 } from '../base/tensor.ts';
import type { Optimizer } from '../graph/optim.ts';
import type { Lane } from '../runtime/lanes.ts';
import type { Feeds, Runtime } from '../runtime/session.ts';
import { createStepper, type State, type StepGraphs } from '../runtime/stepper.ts';
import {
  accumulateGraph,
  type PictureInput,
  stepGraph,
  type TrainedParameters,
  type Tuning,
  updateGraphs,
} from './graphs.ts';
import { noiseFeeds } from './noise.ts';
import { pictureInput } from './picture-input.ts';
import type { TrainingPictures } from './run-data.ts';

export type { State };

export interface TrainerOptions {
  readonly runtime: Runtime;
  readonly tuning: Tuning;
  /** What the pictures of its steps are. */
  readonly from: PictureInput;
  readonly trained: TrainedParameters;
  readonly optimizer: Optimizer;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly microBatch: number;
  readonly seed: number;
  readonly state: State;
  /** Its place among runs that are trained together. Left out = alone. */
  readonly lane?: Lane | undefined;
}

export interface Trainer {
  state(): State;
  /**
   * One optimizer step on the pictures `indices`. Returns their mean loss, how many were predicted right and for how long
   * the step waited for pictures.
   */
  step(args: {
    readonly pictures: TrainingPictures;
    readonly indices: readonly number[];
    readonly epoch: number;
    /** The pictures of the step after this one, to be prepared while this one runs. Left out = none. */
    readonly next?: { readonly indices: readonly number[]; readonly epoch: number } | undefined;
    /** 0-based number of the step in the run. */
    readonly step: number;
    readonly learningRate: number;
  }): Promise<{ readonly loss: number; readonly right: number; readonly dataSeconds: number }>;
  dispose(): Promise<void>;
}

/** Index of the largest of `row`'s values; the first of equals. */
function argmax(values: Float32Array, start: number, length: number): number {
  let best = 0;
  for (let k = 1; k < length; k++) if (values[start + k]! > values[start + best]!) best = k;
  return best;
}

export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  // Named one by one: what the closures below hold of the options must not be the state that the run started from.
  const { tuning, from, trained, optimizer, weightDecay, seed } = options;
  const microBatch = Math.min(options.microBatch, options.batchSize);
  const whole = microBatch === options.batchSize;
  const trainingGraph = (lanes: number) =>
    whole
      ? stepGraph(tuning, trained, optimizer, microBatch, { from, lanes })
      : accumulateGraph(tuning, trained, microBatch, { from, lanes });
  const training = trainingGraph(1);
  const graphsFor = (lanes: number): StepGraphs => {
    const { model } = lanes === 1 ? training : trainingGraph(lanes);
    return whole ? { step: model } : { accumulate: model, update: updateGraphs(trained, optimizer, lanes) };
  };
  const state = { ...options.state };
  const stepper = options.lane
    ? await options.lane.join(options.runtime, graphsFor, state)
    : await createStepper({ runtime: options.runtime, graphs: graphsFor(1), state });

  const { bytes, feeds } = pictureInput(training.model);
  const labels = new BigInt64Array(microBatch);
  const lowWords = new Int32Array(labels.buffer); // little-endian, as every platform of the runtime: no bigint is made a picture
  const weights = new Float32Array(microBatch);

  return {
    state: () => stepper.state(),
    async step({ pictures, indices, epoch, next, step, learningRate }) {
      let dataSeconds = 0;
      // Places past the last picture keep old pixels and weigh nothing.
      async function* parts(): AsyncGenerator<Feeds> {
        for (let first = 0; first < indices.length; first += microBatch) {
          const begun = performance.now();
          const part = indices.slice(first, first + microBatch);
          await pictures.read(part, epoch, bytes);
          const more = indices.slice(first + microBatch, first + 2 * microBatch);
          if (more.length > 0) pictures.expect(more, epoch);
          else if (next) pictures.expect(next.indices.slice(0, microBatch), next.epoch);
          dataSeconds += (performance.now() - begun) / 1000;
          weights.fill(0);
          for (const [i, index] of part.entries()) {
            lowWords[2 * i] = pictures.labels[index]!;
            weights[i] = 1 / indices.length;
          }
          yield {
            ...feeds,
            labels: { ...int64([0], []), shape: [microBatch], data: labels },
            weights: float32([microBatch], weights),
            ...noiseFeeds(training.noise, { seed, step, first, count: part.length, microBatch }),
          };
        }
      }
      const scalars = optimizer.feed({ step: step + 1, learningRate, weightDecay });
      const { loss, parts: results } = await stepper.step(parts(), scalars);
      const right = indices.filter((index, i) => {
        const { logits } = results[Math.floor(i / microBatch)]!;
        const start = (i % microBatch) * tuning.classes;
        return argmax(logits!.data as Float32Array, start, tuning.classes) === pictures.labels[index];
      }).length;
      return { loss, right, dataSeconds };
    },
    dispose: () => stepper.dispose(),
  };
}
