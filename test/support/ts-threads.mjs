// Preloaded by vitest.config.ts: lets worker threads start from TypeScript sources on Node 20, where tsx's own `--import`
// reaches the main thread only.
import { isMainThread } from 'node:worker_threads';

if (!isMainThread) {
  const { register } = await import('tsx/esm/api');
  register();
}
