import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assess } from '../../src/pipeline/assess.ts';
import { artifactOf, memoryFile } from '../support/artifacts.ts';
import { noise } from '../support/temp.ts';

async function verdictsOf(files: Readonly<Record<string, Uint8Array>>) {
  const assessed = await assess(artifactOf(Object.entries(files).map(([path, bytes]) => memoryFile(path, bytes))));
  return {
    verdicts: Object.fromEntries(assessed.files.map(({ path, verdict }) => [path, verdict])),
    rules: assessed.findings.map(({ ruleId }) => ruleId),
    checks: assessed.checks.map(({ id }) => id),
  };
}

describe('a package of Core ML', () => {
  const folder = 'fixtures/coreml/program.mlpackage/Data/com.apple.CoreML';
  const model = readFileSync(`${folder}/model.mlmodel`);
  const weights = readFileSync(`${folder}/weights/weight.bin`);
  const [MODEL, WEIGHTS] = ['d/model.mlmodel', 'd/weights/weight.bin'];

  it('is clean with its weights', async () => {
    const found = await verdictsOf({ [MODEL]: model, [WEIGHTS]: weights });
    expect(found).toEqual({ verdicts: { [MODEL]: 'clean', [WEIGHTS]: 'clean' }, rules: [], checks: [] });
  });

  it('is not assessed without them', async () => {
    const found = await verdictsOf({ [MODEL]: model });
    expect(found).toEqual({ verdicts: { [MODEL]: 'not-assessed' }, rules: [], checks: ['format.coreml.weights'] });
  });

  it('is suspicious with weights that are too short, or a program', async () => {
    for (const bytes of [weights.subarray(0, 256), Buffer.from('#!/bin/sh\necho\n')]) {
      const { verdicts, rules } = await verdictsOf({ [MODEL]: model, [WEIGHTS]: bytes });
      expect(verdicts[MODEL]).toBe('suspicious');
      expect(rules).toContain('coreml.data-file');
    }
    const { verdicts } = await verdictsOf({ [MODEL]: model, [WEIGHTS]: noise(20_000, 1) });
    expect(verdicts[WEIGHTS]).not.toBe('clean');
  });
});
