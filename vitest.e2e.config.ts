import { defineConfig } from 'vitest/config';

/** Tests against real servers (`test/servers/build.sh`) and the built program. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
