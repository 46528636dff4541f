// The pages' files, read once at the start: a request names one of them or nothing, so no path is ever made from a request.
import { readFileSync } from 'node:fs';
import { RunError } from '../../base/errors.ts';

const types = {
  'index.html': 'text/html; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'app.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

export interface Asset {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** By request path. Throws RunError where the pages weren't built. */
export function loadAssets(): ReadonlyMap<string, Asset> {
  // dist/web/app, from dist/web/server and from src/web/server alike.
  const folder = new URL('../../../dist/web/app/', import.meta.url);
  const assets = Object.entries(types).map(([name, type]): [string, Asset] => {
    try {
      return [
        name === 'index.html' ? '/' : `/${name}`,
        { type, body: new Uint8Array(readFileSync(new URL(name, folder))) },
      ];
    } catch (cause) {
      throw new RunError(`ui: ${new URL(name, folder).pathname} is missing; npm run build makes it`, { cause });
    }
  });
  return new Map(assets);
}
