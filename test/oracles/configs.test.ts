import { expect, it } from 'vitest';
import { requirePart } from '../support/parts.ts';
import { SEED } from '../support/seed.ts';
import { holdAgainstLoaders } from './config-texts.ts';
import { canJail, findInterpreter } from './jail.ts';

const COUNT = 600;
const interpreter = findInterpreter('hydra', 'hyperpyyaml');

requirePart(
  'jail, Hydra and HyperPyYAML',
  canJail() && interpreter !== undefined,
  'apt-get install bubblewrap, and pip install hydra-core HyperPyYAML',
  'soundness: a configuration that makes its loader do more than build listed objects is not clean',
  () => {
    it(`holds for ${COUNT} configurations (seed ${SEED})`, { timeout: 300_000 }, async () => {
      const { clean, loaded, acted } = await holdAgainstLoaders(interpreter ?? { program: '' }, SEED, COUNT);
      expect(clean).toBeGreaterThan(COUNT / 50);
      expect(loaded).toBeGreaterThan(COUNT / 20);
      expect(acted).toBeGreaterThan(COUNT / 30);
    });
  },
);
