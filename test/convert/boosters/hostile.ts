import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { planBytes } from '../golden.ts';
import { BOOSTERS } from './cases.ts';

const ROUNDS = 60;

/** Tests that models with some changed bytes are converted or refused, and nothing else. */
export function refusesChanges(version: string, names: readonly string[]): void {
  test.each(names)(`${version}: %s with changed bytes is converted or refused, and nothing else`, async (name) => {
    const bytes = readFileSync(join(BOOSTERS, version, name));
    let seed = 7;
    for (let round = 0; round < ROUNDS; round++) {
      const changed = Buffer.from(bytes);
      for (let i = 0; i < 3; i++) {
        seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
        // The first bytes say what the file is.
        const at = 24 + (seed % (changed.length - 24));
        changed[at] = (seed >> 8) & 0xff;
      }
      const error: unknown = await planBytes(name, changed).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined && !(isAssayError(error) && error.code !== 'internal')) throw error;
    }
  });
}
