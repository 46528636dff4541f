// Python with the libraries that vitune exchanges models with: VITUNE_PYTHON, else python3, if it has them.
import { execFile, execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Tensor } from '../../src/base/tensor.ts';
import { writeSafetensors } from '../../src/formats/safetensors-file.ts';
import { readTensors } from '../interop/tensors.ts';

const needed = ['torch', 'timm', 'transformers', 'peft', 'safetensors'];

/** The command, or undefined where it lacks a library; that is told. */
export const python = ((): string | undefined => {
  const command = process.env.VITUNE_PYTHON || 'python3';
  const probe = `import importlib.util, sys; sys.exit(any(importlib.util.find_spec(m) is None for m in ${JSON.stringify(needed)}))`;
  try {
    execFileSync(command, ['-c', probe], { stdio: 'ignore' });
    return command;
  } catch {
    console.warn(`skipped: ${command} has not all of ${needed.join(', ')}; VITUNE_PYTHON names another`);
    return undefined;
  }
})();

export interface Job {
  readonly kind: 'hf' | 'timm' | 'peft_hf' | 'peft_timm' | 'train';
  readonly folder: string;
  /** Their name. */
  readonly pictures: string;
  readonly base?: string;
  readonly classes?: number;
}

/** The logits (B, K) of each job on its pictures (B, 3, H, W), by one Python process; `scratch` is for its files. */
export async function peerLogits(
  scratch: string,
  pictures: ReadonlyMap<string, Tensor>,
  jobs: readonly Job[],
): Promise<Tensor[]> {
  const [input, out, list] = ['pictures.safetensors', 'logits.safetensors', 'jobs.json'].map((name) =>
    join(scratch, name),
  );
  await writeSafetensors(input!, pictures);
  await writeFile(list!, JSON.stringify({ pictures: input, jobs, out }));
  const script = fileURLToPath(new URL('peers.py', import.meta.url));
  await promisify(execFile)(python!, [script, list!], { env: { ...process.env, HF_HUB_OFFLINE: '1' } });
  const tensors = await readTensors(out!);
  return jobs.map((_, i) => tensors.get(String(i))!);
}
