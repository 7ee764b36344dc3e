import { defineConfig } from 'vitest/config';

const common = { exclude: ['node_modules', 'dist', '.local'], testTimeout: 20_000, hookTimeout: 60_000, retry: 0 };

/**
 * Two projects: rooms that need no server start none; the rest share one PostgreSQL and one Temporal for the whole run, and a
 * process for many files (`isolate`), because loading the product's libraries anew for each took a third of the time. So no
 * file of theirs mocks a module or leaves a global behind.
 */
export default defineConfig({
  ssr: { resolve: { conditions: ['source'] } },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    projects: [
      { extends: true, test: { ...common, name: 'pure', include: ['{apps,workflows,activities,libs}/**/*.test.ts', 'test/{architecture,conformance,replay}/**/*.test.ts'] } },
      { extends: true, test: { ...common, name: 'servers', include: ['test/{integration,scenarios,abuse,e2e}/**/*.test.ts'], globalSetup: ['test/support/servers.ts'], maxWorkers: 2, isolate: false } },
    ],
  },
});
