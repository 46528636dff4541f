// Every method as an inference graph for other runtimes: for any number of pictures the logits of evaluation, in ONNX's own
// operators, and close to them with quantised layers.
import { describe, expect, it } from 'vitest';
import { float32, sizeOf, type Tensor } from '../../src/base/tensor.ts';
import { onnx } from '../../src/formats/onnx/proto.ts';
import type { GraphModel } from '../../src/graph/export.ts';
import { dynamicQuantization } from '../../src/graph/quantize-inference.ts';
import { methods } from '../../src/methods/index.ts';
import { inferenceGraph } from '../../src/train/graphs.ts';
import {
  backbones,
  batch,
  classes,
  logitsOf,
  maxDifference,
  noisyValues,
  pictures,
  runtime,
  tuningOf,
} from './method-network.ts';

/** The fixed pair of pictures, and it again: `count` pictures. */
function repeated(count: number): Tensor<'float32'> {
  const one = sizeOf(pictures.shape.slice(1));
  const data = Float32Array.from({ length: count * one }, (_, i) => pictures.data[i % (batch * one)]!);
  return float32(pictures.shape.with(0, count), data);
}

async function run(model: GraphModel, count: number): Promise<Float32Array> {
  const session = await runtime.prepare(model);
  const { logits } = await session.run({ pixel_values: repeated(count) });
  await session.dispose();
  expect(logits!.shape).toEqual([count, classes]);
  return logits!.data as Float32Array;
}

const operators = (model: GraphModel) => onnx.ModelProto.decode(model.bytes).graph!.node!;

describe.each(Object.entries(backbones))('on %s', (kind, config) => {
  const chosen = kind === 'vit' ? methods : methods.filter(({ name }) => ['lora', 'vqt', 'vpt-deep'].includes(name));
  it.each(chosen.map((method) => [method.name, method] as const))('%s', async (_, method) => {
    const tuning = tuningOf(config, method);
    const values = await noisyValues(tuning, 0.1);
    const expected = await logitsOf(tuning, values);
    const model = inferenceGraph(tuning, values);
    expect(operators(model).every(({ domain }) => !domain)).toBe(true);
    for (const count of [1, 2, 5]) {
      const got = await run(model, count);
      for (let i = 0; i < count; i++) {
        const [row, want] = [i * classes, (i % batch) * classes];
        expect(maxDifference(got.subarray(row, row + classes), expected.subarray(want, want + classes))).toBeLessThan(
          2e-5,
        );
      }
    }
  });
});

it('quantises the layers that are asked for, and no other', async () => {
  const tuning = tuningOf(backbones.vit, methods.find(({ name }) => name === 'linear')!);
  const values = await noisyValues(tuning, 0);
  const expected = await logitsOf(tuning, values);
  const model = inferenceGraph(tuning, values, {
    quantize: dynamicQuantization((name) => name.startsWith('blocks.')),
  });
  const kinds = operators(model).map(({ opType }) => opType);
  expect(kinds.filter((kind) => kind === 'MatMulInteger')).toHaveLength(6 * backbones.vit.depth);
  expect(kinds.filter((kind) => kind === 'Gemm')).toHaveLength(2); // patches and head
  const got = await run(model, batch);
  const size = Math.max(...expected.map(Math.abs));
  const difference = maxDifference(got, expected);
  expect(difference).toBeLessThan(0.05 * size);
  expect(difference).toBeGreaterThan(0); // it is another computation
  const whole = inferenceGraph(tuning, values);
  expect(model.bytes.length).toBeLessThan(0.6 * whole.bytes.length);
});
