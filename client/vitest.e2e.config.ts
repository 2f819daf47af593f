import { defineConfig } from 'vitest/config';

/** Real server, real Redis, real Chromium; needs the built client and the exported decoder (`make setup`). */
export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    // One server and one browser at a time: several would only measure each other.
    fileParallelism: false,
    testTimeout: 120_000,
    // Real programs on a machine that may have other work: a test that passes again is not a fault of the page.
    retry: 2,
    hookTimeout: 180_000,
  },
});
