import { expect, it } from 'vitest';
import { holdAgainstLoaders } from '../oracles/config-texts.ts';
import { canJail, findInterpreter } from '../oracles/jail.ts';
import { requirePart } from '../support/parts.ts';
import { SEED } from '../support/seed.ts';

const COUNT = Number(process.env.ASSAY_CONFIGS ?? 10_000);
const interpreter = findInterpreter('hydra', 'hyperpyyaml');

requirePart(
  'jail, Hydra and HyperPyYAML',
  canJail() && interpreter !== undefined,
  'apt-get install bubblewrap, and pip install hydra-core HyperPyYAML',
  'soundness: a configuration that makes its loader do more than build listed objects is not clean',
  () => {
    it(`holds for ${COUNT} configurations (seed ${SEED})`, { timeout: 7_200_000 }, async () => {
      const { clean, loaded, acted } = await holdAgainstLoaders(interpreter ?? { program: '' }, SEED, COUNT);
      process.stdout.write(`clean ${clean}, loaded ${loaded}, acted ${acted}\n`);
      expect(clean).toBeGreaterThan(COUNT / 50);
      expect(loaded).toBeGreaterThan(COUNT / 20);
      expect(acted).toBeGreaterThan(COUNT / 30);
    });
  },
);
