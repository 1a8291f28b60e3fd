import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { testFolder } from '../golden.ts';

export const SKLEARN_FIXTURES = new URL('../../../fixtures/convert/sklearn/', import.meta.url).pathname;
export const SKLEARN_VERSIONS = readdirSync(SKLEARN_FIXTURES).sort();

/** A test for each model of a family: ONNX Runtime has to compute what scikit-learn did. */
export function testFamily(family: string): void {
  describe.each(SKLEARN_VERSIONS)('scikit-learn %s', (version) =>
    testFolder(join(SKLEARN_FIXTURES, version, family), 'sklearn'),
  );
}
