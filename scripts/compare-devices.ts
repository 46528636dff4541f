// Trains a few steps on the CPU and on another device and compares every loss and every trained value.
//
//   npx tsx scripts/compare-devices.ts [--device webgpu] [--model vitune-tiny] [--image-size N] [--method lora]...
//                                      [--steps 4] [--batch-size 4]
//
// Without a GPU, WebGPU runs on the software Vulkan driver of Debian's chromium:
//
//   VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json LD_LIBRARY_PATH=/usr/lib/chromium npx tsx scripts/...
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../src/cli/output.ts';
import { openSafetensors } from '../src/formats/safetensors-file.ts';
import { type Device, type RunEvent, train } from '../src/index.ts';
import { defaultMethod } from '../src/methods/index.ts';
import { defaultModel } from '../src/model/locate.ts';
import { runFiles } from '../src/train/run-folder.ts';
import { renderNoto } from './lib/noto.ts';

/** float32 sums taken in another order; the optimizer's square root and division carry it on from step to step. */
const tolerance = { loss: 1e-4, adapter: 1e-3 };

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'webgpu' },
    model: { type: 'string', default: defaultModel },
    'image-size': { type: 'string', default: '0' },
    method: { type: 'string', multiple: true, default: [defaultMethod] },
    steps: { type: 'string', default: '4' },
    'batch-size': { type: 'string', default: '4' },
  },
});
const [steps, batchSize] = [Number(flags.steps), Number(flags['batch-size'])];

const work = await mkdtemp(join(tmpdir(), 'vitune-devices-'));
try {
  const data = join(work, 'noto');
  await renderNoto(data, 96, Math.ceil((steps * batchSize) / 7));

  /** Losses of the first steps and the state saved after them. */
  const trained = async (method: string, device: Device) => {
    const stop = new AbortController();
    const out = join(work, `${method}-${device}`);
    const losses: number[] = [];
    let seconds = performance.now();
    const events: AsyncIterable<RunEvent> = train({
      data,
      model: flags.model,
      method,
      device,
      out,
      imageSize: Number(flags['image-size']),
      valFraction: 0,
      testFraction: 0,
      epochs: 2, // more than is run, so that the learning rate doesn't end at 0
      batchSize,
      microBatch: batchSize,
      signal: stop.signal,
    });
    for await (const event of events) {
      if (event.type === 'probe') seconds = performance.now();
      if (event.type !== 'step') continue;
      losses.push(event.loss);
      if (event.step === steps) stop.abort();
    }
    return {
      losses,
      seconds: (performance.now() - seconds) / 1000,
      state: await openSafetensors(join(out, runFiles.state)),
    };
  };

  let agree = true;
  for (const method of flags.method) {
    const cpu = await trained(method, 'cpu');
    const other = await trained(method, flags.device as Device);
    const differences = cpu.losses.map((loss, i) => Math.abs(loss - other.losses[i]!));
    console.log(`${method} on ${flags.model}, ${steps} steps of ${batchSize} pictures`);
    console.log(
      table(
        ['step', 'loss on cpu', `on ${flags.device}`, 'difference'],
        cpu.losses.map((loss, i) => [
          String(i + 1),
          loss.toFixed(6),
          other.losses[i]!.toFixed(6),
          differences[i]!.toExponential(1),
        ]),
        [0, 1, 2, 3],
      ),
    );

    let [squares, changes, worst] = [0, 0, 0];
    for (const name of [...cpu.state.tensors.keys()].filter((n) => n.startsWith('param:'))) {
      const [a, b] = [(await cpu.state.read(name)).data, (await other.state.read(name)).data];
      for (let i = 0; i < a.length; i++) {
        const d = Number(a[i]) - Number(b[i]);
        worst = Math.max(worst, Math.abs(d));
        changes += d * d;
        squares += Number(a[i]) ** 2;
      }
    }
    const relative = Math.sqrt(changes / squares);
    const good = Math.max(...differences) <= tolerance.loss && relative <= tolerance.adapter;
    agree &&= good;
    console.log(
      `trained values: |a - b| / |a| = ${relative.toExponential(1)}, largest difference ${worst.toExponential(1)}`,
    );
    console.log(
      `${good ? 'agree' : 'DISAGREE'} (allowed: losses ${tolerance.loss}, trained values ${tolerance.adapter}); ${cpu.seconds.toFixed(1)} s on cpu, ${other.seconds.toFixed(1)} s on ${flags.device}\n`,
    );
  }
  process.exitCode = agree ? 0 : 1;
} finally {
  await rm(work, { recursive: true });
}
