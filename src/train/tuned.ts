// A tuned model ready to use: an adapter from a run folder on the backbone it was trained on.
import { basename } from 'node:path';
import { DataError } from '../base/errors.ts';
import { openPack } from '../data/cache.ts';
import { matchClasses, testSets } from '../data/classes.ts';
import { decode } from '../data/decode.ts';
import { openListing } from '../data/sources/index.ts';
import { renamed } from '../data/stored.ts';
import { geometryOf, transform } from '../data/transform.ts';
import type { AdapterConfig } from './adapter.ts';
import type { Pictures } from './evaluator.ts';
import type { Unreadable } from './events.ts';
import { type Loaded, openHost, type UseOptions } from './host.ts';
import { type Metrics, metricsOf } from './metrics.ts';

export interface Prediction {
  readonly picture: string;
  /** Classes with their probabilities, most likely first. */
  readonly classes: readonly { readonly name: string; readonly probability: number }[];
}

export interface Evaluation extends Metrics {
  readonly split: string;
  /** The same for every further test set of the data, by name: corrupted copies. */
  readonly shifts: Readonly<Record<string, Metrics>>;
  readonly unreadable: readonly Unreadable[];
}

export interface Tuned {
  readonly classes: readonly string[];
  /** Logits (pictures, classes). */
  logits(pictures: Pictures): Promise<Float32Array>;
  /**
   * Metrics on the test split of a data set, or on all of it where it has no splits; its classes are matched by name.
   * `source` as in training. Throws DataError.
   */
  evaluate(data: string, source?: string): Promise<Evaluation>;
  /** Probabilities of the classes of encoded pictures. Throws DataError for one that can't be decoded. */
  predict(pictures: readonly { readonly name: string; readonly bytes: Uint8Array }[]): Promise<Prediction[]>;
  dispose(): Promise<void>;
}

/** Opens a finished run. Throws RunError or CheckpointError. */
export async function openTuned(folder: string, options: UseOptions = {}): Promise<Tuned> {
  return tunedOn(await (await openHost(options)).load(folder));
}

/** What a classifier of pictures is made of: a loaded adapter is one. */
export interface Classifier extends Pick<Loaded, 'folder' | 'logits' | 'dispose'> {
  readonly config: Pick<AdapterConfig, 'classes' | 'preprocessing'>;
}

/** As a classifier of encoded pictures and of data sets. */
export function tunedOn(loaded: Classifier): Tuned {
  const { folder, logits } = loaded;
  const { classes, preprocessing } = loaded.config;
  return {
    classes,
    logits,
    async evaluate(data, source) {
      const listing = await openListing(data, { source });
      const split = listing.parts.has('test') ? 'test' : 'all';
      const indices = matchClasses(`${data} and ${basename(folder)}`, listing.classes, classes);
      const metrics: Record<string, Metrics> = {};
      const unreadable: Unreadable[] = [];
      for (const [set, pictures] of testSets(listing)) {
        const relabelled = pictures.map((picture) => renamed(picture, picture.name, indices[picture.label]!));
        const opened = await openPack({ pictures: relabelled, geometry: geometryOf(preprocessing), strict: false });
        try {
          if (opened.pictures.length === 0)
            throw new DataError(`data ${data}: no picture can be read (${opened.unreadable[0]?.reason})`);
          if (set === 'test') unreadable.push(...opened.unreadable); // of the others it is the same pictures
          const all = await logits({ count: opened.pictures.length, copy: opened.copy });
          const labels = opened.pictures.map((picture) => picture.label);
          metrics[set] = metricsOf(all, labels, classes.length);
        } finally {
          opened.close();
        }
      }
      const { test, ...shifts } = metrics as { readonly test: Metrics };
      return { ...test, split, shifts, unreadable };
    },
    async predict(pictures) {
      const decoded: Uint8Array[] = [];
      for (const { name, bytes } of pictures)
        decoded.push(
          transform(
            await decode(name, bytes, Math.max(...preprocessing.imageSize, preprocessing.resizeTo)),
            preprocessing,
          ),
        );
      const all = await logits({ count: decoded.length, copy: (i, out, offset) => out.set(decoded[i]!, offset) });
      return pictures.map(({ name }, i) => ({
        picture: name,
        classes: ranked(all.subarray(i * classes.length, (i + 1) * classes.length), classes),
      }));
    },
    dispose: () => loaded.dispose(),
  };
}

/** Softmax, most likely first. */
function ranked(logits: Float32Array, classes: readonly string[]): Prediction['classes'] {
  const max = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const exps = Array.from(logits, (x) => Math.exp(x - max));
  const total = exps.reduce((a, b) => a + b, 0);
  return classes
    .map((name, k) => ({ name, probability: exps[k]! / total }))
    .sort((a, b) => b.probability - a.probability);
}
