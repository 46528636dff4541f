import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // onnxruntime-node is native: child processes keep one test file's sessions out of another's.
    pool: 'forks',
    maxWorkers: 2,
    // Worker threads start from TypeScript sources too.
    execArgv: ['--import', new URL('test/support/ts-threads.mjs', import.meta.url).href],
    env: { VITUNE_SOURCE_THREADS: '1' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
