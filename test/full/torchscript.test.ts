import { expect, it } from 'vitest';
import { canJail, findTorch } from '../oracles/jail.ts';
import { composedScripts, holdAgainstTorch } from '../oracles/torch-compositions.ts';
import { requirePart } from '../support/parts.ts';
import { SEED } from '../support/seed.ts';

const COMPOSED = Number(process.env.ASSAY_TORCH_COMPOSED ?? 2_000);
/** Models of one start of PyTorch: the jail bounds the time of each start. */
const BATCH = 500;
const torch = findTorch();

requirePart(
  'jail and PyTorch',
  canJail() && torch !== undefined,
  'apt-get install bubblewrap python3-torch',
  'soundness: what TorchScript does beyond computing is not clean',
  () => {
    it(`holds for ${COMPOSED} compositions (seed ${SEED})`, { timeout: 7_200_000 }, async () => {
      let acted = 0;
      let clean = 0;
      for (let from = 0; from < COMPOSED; from += BATCH) {
        const models = await composedScripts(SEED + from, Math.min(BATCH, COMPOSED - from));
        const found = await holdAgainstTorch(torch ?? { program: '' }, models);
        acted += found.acted;
        clean += found.clean;
      }
      expect(acted).toBeGreaterThan(COMPOSED / 10);
      expect(clean).toBeGreaterThan(0);
    });
  },
);
