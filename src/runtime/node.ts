// ONNX Runtime for Node: CPU, WebGPU (Dawn) and CUDA execution providers of the stock onnxruntime-node package.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { DeviceError, messageOf } from '../base/errors.ts';
import { type DType, float32, type Tensor } from '../base/tensor.ts';
import { exportGraph, type GraphModel } from '../graph/export.ts';
import { Graph } from '../graph/graph.ts';
import { add } from '../graph/ops/elementwise.ts';
import type { Device, Feeds, Runtime, Session, SessionOptions } from './session.ts';

type OrtDType = Exclude<DType, 'bfloat16'>;

function toOrt({ dtype, data, shape }: Tensor): ort.Tensor {
  // bfloat16 occurs in weight files only and is never fed.
  return new ort.Tensor(dtype as OrtDType as 'float32', data as Float32Array, shape as number[]);
}

function fromOrt(tensor: ort.Tensor): Tensor {
  return { dtype: tensor.type as DType, shape: tensor.dims, data: tensor.data } as unknown as Tensor;
}

/** All outputs, those of `into` in its arrays. Without any, ONNX Runtime's own list. */
function fetchesOf(model: GraphModel, into: Feeds): Record<string, ort.Tensor | null> {
  if (Object.keys(into).length === 0) return {};
  return Object.fromEntries([...model.outputs.keys()].map((name) => [name, into[name] ? toOrt(into[name]) : null]));
}

/** ONNX Runtime's message without the C++ places before it. */
function reasonOf(cause: unknown): string {
  const text = messageOf(cause);
  return /Failed to [^\n]+/.exec(text)?.[0].trim() ?? text;
}

/** Providers that the installed package has, whether or not this machine can use them. */
export function availableDevices(): readonly Device[] {
  const names = ort.listSupportedBackends().map((backend) => backend.name);
  return (['cpu', 'webgpu', 'cuda'] as const).filter((device) => names.includes(device));
}

// Its errors are thrown as well; printed once more they would only bury the one line that tells what to do.
ort.env.logLevel = 'fatal';

const engine = `onnxruntime-node ${ort.env.versions.node ?? ort.env.versions.common}`;

const help: Record<Device, string> = {
  cpu: '',
  webgpu: 'it needs a GPU with a Vulkan, Metal or D3D12 driver; use --device cpu otherwise',
  cuda: 'it needs an NVIDIA GPU with CUDA 12 or newer and onnxruntime-node installed with its install script; use --device cpu otherwise',
};

/** Folder for a profile of each session, as JSON trace events that ONNX Runtime writes when it is disposed; unset = none. */
const profiles = process.env.VITUNE_PROFILE;
let profiled = 0;

/** Numbered, because ONNX Runtime tells files apart by the second only. */
const profiling = (folder: string) => ({
  enableProfiling: true,
  profileFilePrefix: join(folder, `session-${profiled++}`),
});

function sessionOptions(
  { device, threads, shareWeights }: SessionOptions,
  folder: string | undefined,
): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // A planned arena comes on top of what the first, unplanned run has allocated: a ViT-B LoRA step of 8 pictures peaks at
    // 2.6 GB with it and at 1.7 GB without, in the same time.
    enableMemPattern: false,
    logSeverityLevel: 4,
    ...(profiles ? profiling(profiles) : {}),
    extra: {
      session: {
        // The documented way to external data beside a model that is given as bytes.
        ...(folder === undefined ? {} : { model_external_initializers_file_folder_path: folder }),
        ...(shareWeights ? { disable_prepacking: '1' } : {}),
      },
    },
  };
}

export function nodeRuntime(options: Partial<SessionOptions> = {}): Runtime {
  const resolved: SessionOptions = {
    device: options.device ?? 'cpu',
    threads: options.threads ?? availableParallelism(),
    shareWeights: options.shareWeights ?? false,
  };
  if (!availableDevices().includes(resolved.device))
    throw new DeviceError(
      `--device ${resolved.device}: this onnxruntime-node has ${availableDevices().join(', ')} only; ${help[resolved.device]}`,
    );
  return {
    options: resolved,
    engine,
    async prepare(model: GraphModel): Promise<Session> {
      let session: ort.InferenceSession;
      try {
        session = await ort.InferenceSession.create(model.bytes, sessionOptions(resolved, model.folder));
      } catch (cause) {
        const advice = help[resolved.device] && `; ${help[resolved.device]}`;
        throw new DeviceError(`--device ${resolved.device}: can't start: ${reasonOf(cause)}${advice}`, { cause });
      }
      return {
        async run(feeds: Feeds, into: Feeds = {}) {
          const ortFeeds: Record<string, ort.Tensor> = {};
          for (const name of model.inputs.keys()) {
            const tensor = feeds[name];
            if (!tensor) throw new DeviceError(`run: input ${name} is missing`);
            ortFeeds[name] = toOrt(tensor);
          }
          const given = resolved.device === 'cpu' ? into : {};
          let results: ort.InferenceSession.ReturnType;
          try {
            results = await session.run(ortFeeds, fetchesOf(model, given));
          } catch (cause) {
            throw new DeviceError(`--device ${resolved.device}: a step failed: ${reasonOf(cause)}`, { cause });
          }
          // What onnxruntime-node returns for a given array is a copy of it.
          return Object.fromEntries(
            Object.entries(results).map(([name, value]) => [name, given[name] ?? fromOrt(value as ort.Tensor)]),
          );
        },
        async dispose() {
          if (profiles) session.endProfiling();
          await session.release();
        },
      };
    },
  };
}

/**
 * Opens a runtime and makes sure that its device works, by running a graph of one node there: a missing driver is told
 * before anything else is done. Throws DeviceError.
 */
export async function openRuntime(options: Partial<SessionOptions> = {}): Promise<Runtime> {
  const runtime = nodeRuntime(options);
  if (runtime.options.device === 'cpu') return runtime;
  const graph = new Graph();
  const x = graph.input('x', 'float32', [1]);
  graph.output('y', add(x, x));
  const session = await runtime.prepare(exportGraph(graph));
  await session.run({ x: float32([1], [1]) });
  await session.dispose();
  return runtime;
}
