import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { trainingSchemaDocument } from '../../../src/core/lineage/training.ts';
import { INPUTS } from '../../integrity/attestations/samples.ts';

const published = new URL('../../../src/core/lineage/training-v1.json', import.meta.url);

describe('the published schema of training runs', () => {
  it('is that of the type (otherwise run node scripts/training-schema.mjs)', () => {
    const document = JSON.parse(readFileSync(published, 'utf8'));
    expect(document).toEqual(JSON.parse(JSON.stringify(trainingSchemaDocument())));
  });

  it('accepts what is signed, and refuses parameters that it does not name', () => {
    const isTraining = new Ajv2020({ strict: false, validateFormats: false }).compile(
      JSON.parse(readFileSync(published, 'utf8')),
    );
    const predicate = structuredClone(INPUTS.training.predicate);
    expect(isTraining(predicate)).toBe(true);
    Object.assign(predicate.buildDefinition.externalParameters, { source: 'x' });
    expect(isTraining(predicate)).toBe(false);
  });
});
