// Exporting a run: a target's files are written into a new folder, run on the run's own pictures, and moved to where they
// were asked for only if they compute what the run does.
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { OptionError, RunError } from '../base/errors.ts';
import { unknownName } from '../base/suggest.ts';
import { hubNameOf } from '../model/hub-cache-file.ts';
import { openHost, type UseOptions } from '../train/host.ts';
import type { Metrics } from '../train/metrics.ts';
import { readJson, runFiles, writeFailure, writeJson, writeWhole } from '../train/run-folder.ts';
import type { RunSpec } from '../train/spec.ts';
import { type Certificate, certificate, exportedLogits, requireParity } from './certificate.ts';
import { checkPictures } from './check-pictures.ts';
import { modelCard } from './model-card.ts';
import type { Precision } from './onnx.ts';
import { type ExportTarget, exportTargets } from './targets.ts';

export interface ExportOptions extends Pick<UseOptions, 'model' | 'device' | 'threads'> {
  /** A target's name: `onnx`, `hf`, `timm` or `peft`. */
  readonly to: string;
  /** A folder that is empty or not there yet. */
  readonly out: string;
  /** ONNX: also a file of half the size, or one in whole numbers. */
  readonly fp16?: boolean | undefined;
  readonly int8?: boolean | undefined;
  /** ONNX: bytes of weights inside a model's file; beyond them they lie beside it. Left out = as many as ONNX allows. */
  readonly largestInside?: number | undefined;
  /** Pictures to check on, at most; left out = 256. */
  readonly pictures?: number | undefined;
  /** Where the run's data lies now, if not where the run found it. */
  readonly data?: string | undefined;
}

export interface Exported {
  readonly folder: string;
  readonly certificates: readonly Certificate[];
}

const defaultPictures = 256;

function targetNamed(name: string): ExportTarget {
  const target = exportTargets.find((one) => one.name === name);
  if (!target)
    throw new OptionError(
      unknownName(
        'export target',
        name,
        exportTargets.map((one) => one.name),
      ),
    );
  return target;
}

/** A folder beside the wanted one, to be renamed when all is well. Throws RunError where the wanted one is taken. */
async function stagingFor(out: string): Promise<string> {
  const held = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new RunError(`--out ${out}: can't be used: ${error.message}`, { cause: error });
  });
  if (held.length > 0) throw new RunError(`--out ${out}: is not empty; give a folder that isn't there yet`);
  try {
    await mkdir(dirname(out), { recursive: true });
    return await mkdtemp(`${out}.`);
  } catch (cause) {
    throw writeFailure(out, cause);
  }
}

/**
 * Exports a finished run. Throws OptionError where the target has no form for it, RunError where the folder is taken, the
 * pictures can't be read, or the export doesn't compute what the run does.
 */
export async function exportRun(run: string, options: ExportOptions): Promise<Exported> {
  const target = targetNamed(options.to);
  const precisions: Precision[] = ['float32'];
  if (options.fp16) precisions.push('float16');
  if (options.int8) precisions.push('int8');
  const foreign = precisions.find((precision) => !target.precisions.includes(precision));
  if (foreign)
    throw new OptionError(`export: --to ${target.name} writes float32 only; --fp16 and --int8 belong to onnx`);
  const record = await readJson<{ spec: RunSpec; trainable?: number; result?: { test?: Metrics } }>(
    join(run, runFiles.spec),
  );
  if (!record) throw new RunError(`${run}: holds no run; give the folder of a finished one`);
  const out = resolve(options.out);
  const staging = await stagingFor(out);
  const host = await openHost(options).catch(async (error: unknown) => {
    await rm(staging, { recursive: true, force: true });
    throw error;
  });
  try {
    const loaded = await host.load(run);
    const { config } = loaded;
    const base = options.model ?? config.baseModel.path;
    const spec = { ...record.spec, ...(options.data === undefined ? {} : { data: options.data }) };
    const certificates: Certificate[] = [];
    try {
      const pictures = await checkPictures(spec, config.preprocessing, options.pictures ?? defaultPictures);
      try {
        const { runtime } = host;
        const { largestInside } = options;
        const onnx = { precisions, ...(largestInside === undefined ? {} : { largestInside }) };
        const written = await target.write({ folder: staging, loaded, runtime, base, onnx });
        const classes = config.classes.length;
        const wanted = await loaded.logits(pictures);
        for (const { file, precision, model } of written) {
          const got = await exportedLogits(runtime, model, pictures, config.preprocessing, classes);
          const one = certificate({ what: file, precision, of: pictures.of }, wanted, got, classes);
          requireParity(one);
          certificates.push(one);
        }
      } finally {
        pictures.close();
      }
    } finally {
      await loaded.dispose();
    }
    await writeJson(join(staging, 'certificate.json'), {
      format: 'vitune-certificate-1',
      run: basename(resolve(run)),
      target: target.name,
      backbone: config.baseModel.fingerprint,
      models: certificates,
    });
    const card = modelCard({
      target,
      run: config,
      base: hubNameOf(base) ?? basename(base),
      trainable: record.trainable,
      test: record.result?.test,
      certificates,
    });
    await writeWhole(join(staging, 'README.md'), card);
    await rm(out, { recursive: true, force: true }); // an empty folder, as found above
    await rename(staging, out);
    return { folder: out, certificates };
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
}
