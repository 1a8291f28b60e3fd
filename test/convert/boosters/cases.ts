import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { testFolder } from '../golden.ts';

export const BOOSTERS = new URL('../../../fixtures/convert/boosters/', import.meta.url).pathname;

/** A test for each model of a library, of all its versions: ONNX Runtime has to compute what the library did. */
export function testLibrary(library: string): void {
  const versions = readdirSync(BOOSTERS).filter((name) => name.startsWith(`${library}-`));
  describe.each(versions)('%s', (version) => testFolder(join(BOOSTERS, version), library, 'sklearn'));
}
