// Whether a device multiplies whole numbers of 8 bits exactly. ONNX Runtime's kernels for x86 CPUs without VNNI add pairs
// of products in 16 bits and cut off what is beyond, without a word.
import { DeviceError } from '../base/errors.ts';
import { float32, full } from '../base/tensor.ts';
import { exportGraph } from '../graph/export.ts';
import { Graph } from '../graph/graph.ts';
import { int8Products, int8Weight } from '../graph/int8-products.ts';
import { linear } from '../graph/ops/linear.ts';
import { stored } from '../graph/quantize.ts';
import type { Runtime } from './session.ts';

/** Inner size and outputs: enough for every kernel to work at its full width. */
const size = 64;

/** Multiplies the largest numbers there are by each other. Throws DeviceError where the device can't, or not exactly. */
export async function requireExactInt8(runtime: Runtime): Promise<void> {
  const { device } = runtime.options;
  if (device !== 'cpu')
    throw new DeviceError(`--device ${device}: --precision int8 runs on CPUs only; leave one of the two out`);
  const weight = full([size, size], 1);
  const { forward, backward } = int8Weight(weight);
  const pair = ({ values, scales }: typeof forward) => ({ values: stored(values), scales: stored(scales) });
  const graph = new Graph();
  const x = graph.input('x', 'float32', [size, size]);
  graph.output('y', linear(x, graph.constant('w', weight, weight)));
  const quantize = int8Products(() => ({ forward: pair(forward), backward: pair(backward) }));
  const session = await runtime.prepare(exportGraph(graph, { quantize }));
  const outputs = await session.run({ x: float32([size, size], new Float32Array(size * size).fill(1)) });
  await session.dispose();
  const y = outputs.y!.data as Float32Array;
  if (y.some((value) => Math.abs(value - size) > 1e-3 * size))
    throw new DeviceError(
      '--precision int8: this CPU rounds products of 8-bit numbers (x86 needs AVX-512 VNNI or AVX-VNNI); leave it out',
    );
}
