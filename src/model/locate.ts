// Where a model is: a folder on disk, one of those that ship with the package, or a pulled one in the hub's cache.
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CheckpointError } from '../base/errors.ts';
import { nearest } from '../base/suggest.ts';
import { cachedSnapshot, parseHubModel } from './hub-cache-file.ts';

/** models/ of the package: two rooms up, from src/ and from dist/ alike. */
export const embeddedFolder = fileURLToPath(new URL('../../models', import.meta.url));

/** The embedded default: small enough to train in seconds on a laptop. */
export const defaultModel = 'vitune-tiny';

/** Names of the models in the package. */
export function embeddedModels(): string[] {
  if (!existsSync(embeddedFolder)) return [];
  return readdirSync(embeddedFolder)
    .filter((name) => existsSync(join(embeddedFolder, name, 'config.json')))
    .sort();
}

/** The folder of a model given by name or path. Throws CheckpointError. */
export function locateModel(model: string): string {
  const names = embeddedModels();
  if (names.includes(model)) return join(embeddedFolder, model);
  if (existsSync(model)) return resolve(model);
  const onHub = parseHubModel(model);
  const pulled = onHub && cachedSnapshot(onHub);
  if (pulled) return pulled;
  const near = nearest(model, names);
  throw new CheckpointError(
    `model ${model}: no such folder and no built-in model${near ? `; did you mean "${near}"?` : ''} (built in: ${names.join(', ') || 'none'}${onHub ? `; vitune pull ${model} gets it from the hub` : ''})`,
  );
}
