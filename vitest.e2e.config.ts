// npm run e2e: the dashboard in a real Chromium. Not part of npm test: it needs a browser, and minutes.
import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

export default defineConfig({
  test: { ...base.test, include: ['test/**/*.e2e.ts'], testTimeout: 300_000, hookTimeout: 300_000 },
});
