import { defineConfig } from 'vitest/config';
import { straightImports } from './scripts/straight-imports.mjs';

const report = process.env.ASSAY_TEST_REPORT;
/** Soaks, and races that only chance meets: `npm run test:full`. */
const full = process.env.ASSAY_TEST_FULL === 'true';

export default defineConfig({
  // A test of one module loads that module, not the folder whose door it names.
  plugins: [straightImports()],
  // The examples of the library name the package, as its users do.
  resolve: { alias: [{ find: /^assay$/, replacement: new URL('src/index.ts', import.meta.url).pathname }] },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', ...(full ? [] : ['test/full/**'])],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/setup.ts'],
    // Backstops for what never ends: on a starved machine, starting an API server takes minutes.
    testTimeout: full ? 36_000_000 : 600_000,
    hookTimeout: 600_000,
    // A worker that ends slowly, because the machine is starved, is not one that hangs.
    teardownTimeout: 60_000,
    // A busy machine takes longer; what is not so now mostly is in a few milliseconds.
    expect: { poll: { timeout: 60_000, interval: 20 } },
    maxWorkers: 3,
    reporters: report === undefined ? ['default'] : ['default', 'json'],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
  },
});
