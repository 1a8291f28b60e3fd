import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { testFolder } from '../golden.ts';

const ROOT = new URL('../../../fixtures/convert/sklearn/', import.meta.url).pathname;
const VERSIONS = readdirSync(ROOT).sort();

/** A test for each model of a family: ONNX Runtime has to compute what scikit-learn did. */
export function testFamily(family: string): void {
  describe.each(VERSIONS)('scikit-learn %s', (version) => testFolder(join(ROOT, version, family), 'sklearn'));
}
