import { randomInt } from 'node:crypto';

/**
 * The seed of random inputs: `ASSAY_SEED`, else a new one in the long runs of `npm run test:full`, else a fixed one, so that
 * a failure comes from the change.
 */
export const SEED = Number(process.env.ASSAY_SEED ?? (process.env.ASSAY_TEST_FULL === 'true' ? randomInt(2 ** 31) : 1));
