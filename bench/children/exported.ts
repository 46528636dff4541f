// An exported model as anyone runs it: ONNX Runtime alone, normalised pictures in, logits out. The first request has the
// engine's address, the file, the side of a picture and the threads; then {batch, steps} any number of times.
import { print, read, serve } from './protocol.ts';

interface Job {
  readonly engine: string;
  readonly file: string;
  readonly imageSize: number;
  readonly threads: number;
}

const { engine, file, imageSize, threads } = (await read<Job>())!;
const imported = (await import(engine)) as { readonly default: typeof import('onnxruntime-node') };
const { InferenceSession, Tensor } = imported.default;
const session = await InferenceSession.create(file, { intraOpNumThreads: threads });
print({});
await serve<{ batch: number; steps: number }>(async ({ batch }) => {
  const shape = [batch, 3, imageSize, imageSize];
  const values = Float32Array.from(
    { length: batch * 3 * imageSize ** 2 },
    (_, i) => ((i * 2654435761) >>> 24) / 128 - 1,
  );
  await session.run({ pixel_values: new Tensor('float32', values, shape) });
  return undefined;
});
await session.release();
