import { randomInt } from 'node:crypto';

/**
 * Where random inputs start: `ASSAY_SEED`, else a new one in the long runs of `npm run test:full`, else always the same, so that
 * a change fails for what it changed.
 */
export const SEED = Number(process.env.ASSAY_SEED ?? (process.env.ASSAY_TEST_FULL === 'true' ? randomInt(2 ** 31) : 1));
