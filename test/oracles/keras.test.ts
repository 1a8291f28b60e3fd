import { expect, it } from 'vitest';
import { DENSE, sequential } from '../scan/keras/forms.ts';
import { requirePart } from '../support/parts.ts';
import { SEED } from '../support/seed.ts';
import { canJail, findInterpreter } from './jail.ts';
import { composed, holdAgainstKeras, loadWithKeras, modelsOf, relativeModels } from './keras-models.ts';

/** A share of the relatives; test/full loads all of them. */
const EVERY = 20;
const COMPOSED = 6;
const python = findInterpreter('keras', 'tensorflow');

requirePart(
  'jail and Keras',
  canJail() && python !== undefined,
  'apt-get install bubblewrap; pip install -r fixtures/python/requirements-ci.txt',
  'soundness: what Keras does beyond computing is not clean',
  () => {
    it(`holds for some relatives and ${COMPOSED} compositions (seed ${SEED})`, { timeout: 600_000 }, async () => {
      const own = modelsOf('a layer of Keras', sequential(DENSE));
      const some = relativeModels().filter((_, index) => index % EVERY === 0);
      const put = Array.from({ length: COMPOSED }, (_, i) => modelsOf(`composition ${SEED + i}`, composed(SEED + i)));
      const models = [...own, ...some, ...put.flat()];
      const loads = loadWithKeras(python ?? { program: '' }, models);
      for (const load of loads.slice(0, own.length)) expect([load.safe.events, load.unsafe.events]).toEqual([[], []]);
      expect(await holdAgainstKeras(models, loads)).toBeGreaterThan(0);
    });
  },
);
