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

describe('an OpenVINO model', () => {
  const model = readFileSync('fixtures/openvino/network.xml');
  const constants = readFileSync('fixtures/openvino/network.bin');

  it('is clean with its constants, and so are they', async () => {
    const found = await verdictsOf({ 'd/m.xml': model, 'd/m.bin': constants });
    expect(found).toEqual({ verdicts: { 'd/m.xml': 'clean', 'd/m.bin': 'clean' }, rules: [], checks: [] });
  });

  it('is not assessed without them', async () => {
    const found = await verdictsOf({ 'd/m.xml': model, 'd/other.bin': constants });
    expect(found).toMatchObject({ verdicts: { 'd/m.xml': 'not-assessed', 'd/other.bin': 'unknown' } });
    expect(found.checks).toContain('format.openvino.weights');
  });

  it('is suspicious when they are too short, and they are unknown when they are more', async () => {
    const short = await verdictsOf({ 'd/m.xml': model, 'd/m.bin': constants.subarray(0, 200) });
    expect(short).toMatchObject({ verdicts: { 'd/m.xml': 'suspicious' }, rules: ['openvino.data-file'] });
    const more = await verdictsOf({ 'd/m.xml': model, 'd/m.bin': Buffer.concat([constants, noise(40, 2)]) });
    expect(more.verdicts).toEqual({ 'd/m.xml': 'clean', 'd/m.bin': 'unknown' });
  });
});
