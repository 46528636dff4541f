// The torch side: bench/torch/peer.py by VITUNE_PYTHON or python3, where that has torch.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { VitConfig } from '../../src/model/config.ts';
import { startChild } from './child.ts';
import { type Answer, classes, type Method, vitConfig, type Work } from './work.ts';

const script = fileURLToPath(new URL('../torch/peer.py', import.meta.url));

export interface Python {
  readonly command: string;
  readonly torch: string;
}

export function findTorch(): Python | undefined {
  const command = process.env.VITUNE_PYTHON || 'python3';
  try {
    const version = execFileSync(command, ['-c', 'import torch; print(torch.__version__)'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return { command, torch: version.toString().trim() };
  } catch {
    return undefined;
  }
}

export type TorchPrecision = 'fp32' | 'bf16';

/** As peer.py's first line wants it. */
export interface TorchJob {
  readonly config: VitConfig;
  readonly classes: number;
  readonly method: Method;
  readonly kind: Work['kind'];
  readonly precision: TorchPrecision;
  readonly threads: number;
  readonly learningRate?: number;
  /** A safetensors file with the parameters; `names`: those that it calls otherwise, by canonical name. */
  readonly weights?: { readonly file: string; readonly names: Readonly<Record<string, string>> };
}

/** The peer's process: `make` a model, then `run` steps of it. */
export interface Torch {
  make(job: TorchJob): Promise<void>;
  run(
    request: { readonly steps: number } & ({ readonly batch: number } | { readonly pictures: string }),
  ): Promise<Answer>;
  close(): Promise<void>;
}

export function startTorch({ command }: Python): Torch {
  const child = startChild(command, [script]);
  return {
    async make({ config, method, classes: count, ...rest }) {
      const [imageSize] = config.imageSize;
      const { name, options = {} } = method;
      await child.ask({ ...rest, config: { ...config, imageSize, classes: count }, method: name, options });
    },
    run: (request) => child.ask<Answer>(request),
    close: () => child.close(),
  };
}

export const torchJob = (work: Work, precision: TorchPrecision, threads: number): TorchJob => ({
  config: vitConfig(work.model),
  classes,
  method: work.method,
  kind: work.kind,
  precision,
  threads,
});
