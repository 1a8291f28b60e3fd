import { expect, it } from 'vitest';
import { canJail, findInterpreter } from '../oracles/jail.ts';
import { composed, holdAgainstKeras, loadWithKeras, modelsOf, relativeModels } from '../oracles/keras-models.ts';
import { requirePart } from '../support/parts.ts';
import { SEED } from '../support/seed.ts';

const COMPOSED = Number(process.env.ASSAY_KERAS_COMPOSED ?? 300);
/** Models of one start of Keras: the jail bounds the time of each start. */
const BATCH = 200;
const python = findInterpreter('keras', 'tensorflow');

requirePart(
  'jail and Keras',
  canJail() && python !== undefined,
  'apt-get install bubblewrap; pip install -r fixtures/python/requirements-ci.txt',
  'soundness: what Keras does beyond computing is not clean',
  () => {
    it(`holds for all relatives and ${COMPOSED} compositions (seed ${SEED})`, { timeout: 7_200_000 }, async () => {
      const put = Array.from({ length: COMPOSED }, (_, i) => modelsOf(`composition ${SEED + i}`, composed(SEED + i)));
      const models = [...relativeModels(), ...put.flat()];
      let acted = 0;
      for (let from = 0; from < models.length; from += BATCH) {
        const batch = models.slice(from, from + BATCH);
        acted += await holdAgainstKeras(batch, loadWithKeras(python ?? { program: '' }, batch));
      }
      expect(acted).toBeGreaterThan(models.length / 20);
    });
  },
);
