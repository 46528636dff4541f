// Every operator, every attribute value: shape rule against the runtime, values and gradients against torch, gradients
// against finite differences that the runtime itself computes.
import { beforeAll, describe, expect, it } from 'vitest';
import { float32, sizeOf, type Tensor } from '../src/base/tensor.ts';
import { exportGraph } from '../src/graph/export.ts';
import { gradients } from '../src/graph/grad.ts';
import { Graph } from '../src/graph/graph.ts';
import { add, detach, gelu, mul } from '../src/graph/ops/elementwise.ts';
import { opTable } from '../src/graph/ops/index.ts';
import { linear } from '../src/graph/ops/linear.ts';
import { sum } from '../src/graph/ops/reduce.ts';
import { printGraph } from '../src/graph/print.ts';
import type { Value } from '../src/graph/types.ts';
import { nodeRuntime } from '../src/runtime/node.ts';
import { applyCase, type OpCase, opCases, openValues } from './support/op-cases.ts';

const runtime = nodeRuntime({ threads: 1 });
let value: Awaited<ReturnType<typeof openValues>>;
beforeAll(async () => {
  value = await openValues();
});

/** Largest difference, as a share of the largest wanted value (at least 1). */
function relativeError(got: ArrayLike<number | bigint>, want: ArrayLike<number | bigint>): number {
  expect(got.length).toBe(want.length);
  let worst = 0;
  let size = 1;
  for (let i = 0; i < want.length; i++) {
    worst = Math.max(worst, Math.abs(Number(got[i]) - Number(want[i])));
    size = Math.max(size, Math.abs(Number(want[i])));
  }
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst / size;
}

interface Prepared {
  readonly inputs: Tensor[];
  readonly cotangents: (Tensor | undefined)[];
  /** Runs the case: outputs, and gradients by the inputs that have one. */
  readonly run: (inputs: readonly Tensor[]) => Promise<Record<string, Tensor>>;
  readonly types: readonly Value[];
  /** Inputs that torch has a gradient for. */
  readonly differentiable: readonly number[];
}

async function prepare(item: OpCase): Promise<Prepared> {
  const graph = new Graph();
  const inputs = await Promise.all(item.inputs.map(async (_, i) => (await value(item.name, 'input', i))!));
  const values = inputs.map((x, i) => graph.input(`x${i}`, x.dtype, x.shape));
  const outputs = applyCase(item, values);
  outputs.forEach((y, i) => {
    graph.output(`y${i}`, y);
  });
  const cotangents = await Promise.all(outputs.map((_, i) => value(item.name, 'cotangent', i)));
  const differentiable = (
    await Promise.all(inputs.map(async (_, i) => ((await value(item.name, 'grad', i)) ? i : -1)))
  ).filter((i) => i >= 0);
  const feeds: Record<string, Tensor> = {};
  let loss: Value | undefined;
  outputs.forEach((y, i) => {
    const cotangent = cotangents[i];
    if (!cotangent) return;
    feeds[`c${i}`] = cotangent;
    const c = graph.input(`c${i}`, 'float32', cotangent.shape);
    const part = sum(
      mul(y, c),
      y.shape.map((_, axis) => axis),
      false,
    );
    loss = loss ? add(loss, part) : part;
  });
  if (loss) {
    const grads = gradients(
      loss,
      differentiable.map((i) => values[i]!),
    );
    differentiable.forEach((i, k) => {
      graph.output(`g${i}`, grads[k]!);
    });
  }
  const session = await runtime.prepare(exportGraph(graph));
  const run = (xs: readonly Tensor[]) =>
    session.run({ ...feeds, ...Object.fromEntries(xs.map((x, i) => [`x${i}`, x])) });
  return { inputs, cotangents, run, types: outputs, differentiable };
}

const numbers = (tensor: Tensor): ArrayLike<number | bigint> => tensor.data;

describe.each(opCases.map((item) => [item.name, item] as const))('%s', (name, item) => {
  let prepared: Prepared;
  let results: Record<string, Tensor>;
  beforeAll(async () => {
    prepared = await prepare(item);
    results = await prepared.run(prepared.inputs);
  });

  it("has the runtime's shapes and torch's values", async () => {
    for (const [i, type] of prepared.types.entries()) {
      const got = results[`y${i}`]!;
      expect([got.dtype, got.shape]).toEqual([type.dtype, type.shape]);
      const want = await value(name, 'output', i);
      if (want) expect(relativeError(numbers(got), numbers(want))).toBeLessThan(2e-6);
      else expect(item.outputs).not.toContain(i);
    }
  });

  it("has torch's gradients", async () => {
    for (const i of prepared.differentiable)
      expect(relativeError(numbers(results[`g${i}`]!), numbers((await value(name, 'grad', i))!))).toBeLessThan(1e-5);
  });

  it('has the gradients of finite differences', async () => {
    const step = 5e-3; // truncation (step^2) and rounding (1e-7 / step) are then both near 2e-5
    const loss = async (inputs: readonly Tensor[]) => {
      const outputs = await prepared.run(inputs);
      return prepared.cotangents.reduce((total, cotangent, i) => {
        if (!cotangent) return total;
        const y = outputs[`y${i}`]!.data as Float32Array;
        return total + y.reduce((n, v, k) => n + v * (cotangent.data as Float32Array)[k]!, 0);
      }, 0);
    };
    for (const i of prepared.differentiable) {
      const x = prepared.inputs[i]! as Tensor<'float32'>;
      const moved = async (k: number, by: number) => {
        const data = x.data.slice();
        data[k]! += by;
        return { at: data[k]!, loss: await loss(prepared.inputs.with(i, { ...x, data })) };
      };
      const slopes = new Float64Array(sizeOf(x.shape));
      for (let k = 0; k < slopes.length; k++) {
        const [up, down] = [await moved(k, step), await moved(k, -step)];
        slopes[k] = (up.loss - down.loss) / (up.at - down.at);
      }
      expect(relativeError(numbers(results[`g${i}`]!), slopes)).toBeLessThan(1e-3);
    }
  });
});

describe('the op table', () => {
  it('has a case for every operator', () => {
    const tested = new Set(opCases.filter((item) => !item.composed).map((item) => item.op));
    expect(opTable.map((op) => op.name).filter((op) => !tested.has(op))).toEqual([]);
  });

  it('varies every attribute', () => {
    for (const op of opTable) {
      const cases = opCases.filter((item) => item.op === op.name);
      for (const key of Object.keys(cases[0]?.attributes ?? {})) {
        if (op.name === 'cast') continue; // everything is cast to float32 only
        const seen = new Set(cases.map((item) => JSON.stringify(item.attributes[key])));
        expect(seen.size, `${op.name}.${key}`).toBeGreaterThan(1);
      }
    }
  });
});

describe('the graph', () => {
  it('gives the same value for the same computation', () => {
    const graph = new Graph();
    const [a, b] = [graph.input('a', 'float32', [2]), graph.input('b', 'float32', [2])];
    expect(add(a, b)).toBe(add(a, b));
    expect(add(a, b)).not.toBe(add(b, a));
  });

  it('leaves out what no output needs', () => {
    const graph = new Graph();
    const a = graph.input('a', 'float32', [2]);
    gelu(a);
    graph.output('y', mul(a, a));
    expect(printGraph(graph)).not.toContain('gelu');
  });

  it('has no backward pass below the first trained value', () => {
    const count = (trained: 'w1' | 'w2') => {
      const graph = new Graph();
      const x = graph.input('x', 'float32', [4, 3]);
      const [w1, w2] = [graph.input('w1', 'float32', [5, 3]), graph.input('w2', 'float32', [2, 5])];
      const loss = sum(linear(gelu(linear(x, w1)), w2), [0, 1], false);
      graph.output('g', gradients(loss, [trained === 'w1' ? w1 : w2])[0]!);
      return printGraph(graph);
    };
    expect(count('w2')).not.toContain('erf'); // GELU's gradient
    expect(count('w1')).toContain('erf');
  });

  it('lets no gradient through what is detached', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    graph.output('g', gradients(sum(mul(x, detach(x)), [0], false), [x])[0]!);
    const session = await runtime.prepare(exportGraph(graph));
    const { g } = await session.run({ x: float32([2], [3, -5]) });
    expect([...(g!.data as Float32Array)]).toEqual([3, -5]); // x, not 2 x
  });

  it('refuses to differentiate what is no scalar', () => {
    const x = new Graph().input('x', 'float32', [2]);
    expect(() => gradients(x, [x])).toThrow('not a scalar');
  });
});
