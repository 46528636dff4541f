// Optimizers on a small softmax regression, eight steps on the full batch, against torch's trajectories.
import { float32, int64, type Tensor } from '../../../../src/base/tensor.ts';
import { exportGraph } from '../../../../src/graph/export.ts';
import { gradients } from '../../../../src/graph/grad.ts';
import { Graph } from '../../../../src/graph/graph.ts';
import { linear } from '../../../../src/graph/ops/linear.ts';
import { crossEntropy } from '../../../../src/graph/ops/loss.ts';
import { mean } from '../../../../src/graph/ops/reduce.ts';
import { adamw, type Optimizer, sgd } from '../../../../src/graph/optim.ts';
import { nodeRuntime } from '../../../../src/runtime/node.ts';
import { type Case, skipped } from '../../case.ts';
import { figure } from '../../compare.ts';

export interface Problem {
  readonly W0: readonly (readonly number[])[];
  readonly b0: readonly number[];
  readonly X: readonly (readonly number[])[];
  readonly Y: readonly number[];
}

export interface Trajectory {
  /** torch's description of the optimizer, with its parameters. */
  readonly repr: string;
  readonly float64: {
    readonly loss: readonly number[];
    readonly params: readonly { readonly W: readonly (readonly number[])[]; readonly b: readonly number[] }[];
  };
}

interface Settings {
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** Our optimizer with the settings that torch printed, or why there is none. */
function settingsOf(repr: string): Settings | string {
  const kind = /^(\w+)/.exec(repr)?.[1] ?? '';
  const field = (name: string) => new RegExp(`\\b${name}: ([^\\s,]+)`).exec(repr)?.[1] ?? '';
  const learningRate = Number(field('lr'));
  const weightDecay = Number(field('weight_decay'));
  if (kind === 'AdamW') {
    if (field('amsgrad') === 'True') return 'AMSGrad is no optimizer of ours';
    const [, beta1, beta2] = /betas: \(([\d.]+), ([\d.]+)\)/.exec(repr)!;
    const options = { beta1: Number(beta1), beta2: Number(beta2), epsilon: Number(field('eps')) };
    return { optimizer: adamw(options), learningRate, weightDecay };
  }
  if (kind === 'SGD') {
    if (field('nesterov') === 'True' || Number(field('dampening')) !== 0)
      return 'SGD has neither Nesterov momentum nor dampening here';
    return { optimizer: sgd({ momentum: Number(field('momentum')) }), learningRate, weightDecay };
  }
  return `${kind} is no optimizer of ours`;
}

export function optimizerCase(name: string, problem: Problem, { repr, float64 }: Trajectory): Case {
  const settings = settingsOf(repr);
  if (typeof settings === 'string') return skipped(name, settings);
  return { name, run: async () => follow(problem, float64, settings) };
}

async function follow(problem: Problem, want: Trajectory['float64'], settings: Settings) {
  const { optimizer, learningRate, weightDecay } = settings;
  const [rows, inputs, classes] = [problem.X.length, problem.X[0]!.length, problem.b0.length];
  const graph = new Graph();
  const parameters = [graph.input('W', 'float32', [classes, inputs]), graph.input('b', 'float32', [classes])] as const;
  const logits = linear(graph.input('x', 'float32', [rows, inputs]), ...parameters);
  const loss = mean(crossEntropy(logits, graph.input('y', 'int64', [rows]), 0), [0], false);
  graph.output('loss', loss);
  const scalars = Object.fromEntries(optimizer.scalars.map((scalar) => [scalar, graph.input(scalar, 'float32', [])]));
  let state: Record<string, Tensor> = {
    W: float32([classes, inputs], problem.W0.flat()),
    b: float32([classes], problem.b0),
  };
  gradients(loss, parameters).forEach((gradient, i) => {
    const parameter = parameters[i]!;
    const name = 'Wb'[i]!;
    const slots = optimizer.slots.map((slot) => graph.input(`${slot}.${name}`, 'float32', parameter.shape));
    const next = optimizer.update({ parameter, gradient, slots, scalars, decay: true });
    graph.output(`next:${name}`, next.parameter);
    optimizer.slots.forEach((slot, k) => {
      graph.output(`next:${slot}.${name}`, next.slots[k]!);
      state[`${slot}.${name}`] = float32(parameter.shape, new Float32Array(parameter.shape.reduce((n, d) => n * d, 1)));
    });
  });
  const session = await nodeRuntime({ threads: 1 }).prepare(exportGraph(graph));
  const losses: number[] = [];
  const values: number[] = [];
  for (let step = 1; step <= want.loss.length; step++) {
    const outputs = await session.run({
      x: float32([rows, inputs], problem.X.flat()),
      y: int64([rows], problem.Y),
      ...state,
      ...optimizer.feed({ step, learningRate, weightDecay }),
    });
    losses.push((outputs.loss!.data as Float32Array)[0]!);
    state = Object.fromEntries(Object.keys(state).map((key) => [key, outputs[`next:${key}`]!]));
    values.push(...(state.W!.data as Float32Array), ...(state.b!.data as Float32Array));
  }
  await session.dispose();
  const tolerance = { absolute: 5e-6, relative: 0 }; // single precision; torch's own is as far from its double
  return [
    figure('loss', losses, want.loss, tolerance),
    figure(
      'parameters',
      values,
      want.params.flatMap(({ W, b }) => [...W.flat(), ...b]),
      tolerance,
    ),
  ];
}
