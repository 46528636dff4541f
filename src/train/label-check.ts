// The labels of a data set against a model: its frozen features of every picture, and the labels that they speak against.
import { openPack } from '../data/cache.ts';
import { distinctPictures, type Listing } from '../data/dataset.ts';
import type { DataReport } from '../data/doctor/check.ts';
import { type LabelReport, suspectLabels } from '../data/doctor/suspect-labels.ts';
import { geometryOf } from '../data/transform.ts';
import { loadBackbone } from '../model/load.ts';
import { defaultModel, locateModel } from '../model/locate.ts';
import { openRuntime } from '../runtime/node.ts';
import { evaluationAtOnce } from './at-once.ts';
import { createEvaluator } from './evaluator.ts';
import { backboneFeatureGraph } from './graphs.ts';
import type { UseOptions } from './host.ts';

export interface LabelCheckOptions extends Pick<UseOptions, 'device' | 'threads'> {
  /** Name of a built-in model, folder or weight file; left out = the embedded one. */
  readonly model?: string;
  /** Side of the model's input, pixels; left out = the checkpoint's. */
  readonly imageSize?: number | undefined;
}

/**
 * Compares every label with what a classifier on the model's features makes of the picture, having seen neither it nor a copy
 * of it. `report` is what checkData found in the listing: copies are taken from it. Throws CheckpointError, DeviceError.
 */
export async function checkLabels(
  listing: Listing,
  report: Pick<DataReport, 'duplicates'>,
  { model = defaultModel, imageSize, device = 'cpu', threads }: LabelCheckOptions = {},
): Promise<LabelReport> {
  const backbone = await loadBackbone(locateModel(model), { imageSize });
  const pictures = distinctPictures(listing);
  const pack = await openPack({ pictures, geometry: geometryOf(backbone.preprocessing), strict: false });
  try {
    const runtime = await openRuntime({ device, ...(threads ? { threads } : {}) });
    const evaluator = await createEvaluator(
      runtime,
      backboneFeatureGraph(backbone, evaluationAtOnce(backbone.config, runtime.options.device)),
    );
    try {
      const rows = await evaluator.rows({ count: pack.pictures.length, copy: pack.copy }, {});
      const features = { rows, width: rows.length / Math.max(1, pack.pictures.length) };
      return suspectLabels(listing, pack.pictures, features, report.duplicates);
    } finally {
      await evaluator.dispose();
    }
  } finally {
    pack.close();
  }
}
