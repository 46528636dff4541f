// An adapter of PEFT as a run folder: what `vitune evaluate`, `predict` and several adapters on one backbone take.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OptionError, RunError } from '../../base/errors.ts';
import { configureMethods, type MethodChoice } from '../../methods/index.ts';
import { loadBackbone } from '../../model/load.ts';
import { checkAdapter, saveAdapter } from '../../train/adapter.ts';
import { trainedParameters } from '../../train/graphs.ts';
import { runFiles, takeRunFolder } from '../../train/run-folder.ts';
import { expressPeft } from './express.ts';
import { readPeftAdapter } from './read.ts';

export interface ImportOptions {
  /** The backbone's folder: what the adapter was trained on. */
  readonly model: string;
  /** A new folder. */
  readonly out: string;
  /** Names of the classes, in the classifier's order; left out = those of the backbone's config.json. */
  readonly classes?: readonly string[] | undefined;
}

export interface Imported {
  readonly folder: string;
  readonly methods: readonly MethodChoice[];
  readonly classes: readonly string[];
}

/** The classes that the backbone's config.json names: transformers' id2label, timm's label_names. */
async function ownClasses(model: string): Promise<readonly string[]> {
  const json = JSON.parse(await readFile(join(model, 'config.json'), 'utf8')) as {
    readonly id2label?: Readonly<Record<string, unknown>>;
    readonly label_names?: unknown;
  };
  const { id2label = {}, label_names: names } = json;
  const list = Array.isArray(names) ? names : Object.keys(id2label).map((_, i) => id2label[String(i)]);
  return list.every((name) => typeof name === 'string') ? list : [];
}

/** Throws CheckpointError where the adapter can't be read or is no choice of vitune's methods, RunError for a taken folder. */
export async function importPeft(adapter: string, { model, out, classes }: ImportOptions): Promise<Imported> {
  if (await stat(join(out, runFiles.adapterConfig)).catch(() => undefined))
    throw new RunError(`--out ${out}: already holds an adapter; give another folder`);
  const backbone = await loadBackbone(model);
  const { config, preprocessing, weights } = backbone;
  const { methods, tensors } = expressPeft(await readPeftAdapter(adapter, config), config);
  const count = tensors.get('head.bias')!.data.length;
  const names = classes ?? (await ownClasses(model));
  if (names.length !== count || new Set(names).size !== count)
    throw new OptionError(
      `import: the adapter's classifier has ${count} classes, ${classes ? '--classes' : "the backbone's config.json"} names ${names.length}; give ${count} different names with --classes a,b,...`,
    );
  const trained = trainedParameters({
    config,
    weights,
    methods: configureMethods(methods),
    classes: count,
    normalization: preprocessing,
    dropPath: 0,
    labelSmoothing: 0,
    decayOn: 'all',
  });
  checkAdapter(adapter, trained.specs, tensors);
  const { release } = await takeRunFolder(out);
  try {
    const baseModel = { path: backbone.path, fingerprint: backbone.fingerprint };
    await saveAdapter(
      out,
      { format: 'vitune-adapter-1', baseModel, methods, seed: 0, classes: names, preprocessing },
      tensors,
    );
  } finally {
    await release();
  }
  return { folder: out, methods, classes: names };
}
