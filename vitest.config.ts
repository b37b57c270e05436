import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    exclude: ['test/e2e/**'],
    maxWorkers: '100%',
    testTimeout: 120_000,
    coverage: {
      provider: 'v8',
      include: ['core/**', 'receivers/**', 'processors/**', 'exporters/**', 'connectors/**', 'cli/**'],
    },
  },
});
