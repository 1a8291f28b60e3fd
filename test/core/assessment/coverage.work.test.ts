import { expect, it } from 'vitest';
import { Coverage } from '../../../src/core/assessment/coverage.ts';
import { growth } from '../../support/growth.ts';

/** Marks 10 bytes apart, in an order that is neither forward nor backward. */
function scattered(count: number): Coverage {
  const coverage = new Coverage();
  for (let i = 0; i < count; i++) {
    const at = 10 * ((i * 77_777) % count);
    coverage.mark(at, at + 6, i % 2 === 0 ? 'opaque' : 'parsed');
  }
  return coverage;
}

it('the work for marks in any order grows less than quadratically', async () => {
  const grown = await growth(5_000, (count) => {
    const coverage = scattered(count);
    expect(coverage.ranges()).toHaveLength(count);
    expect(coverage.gaps(10 * count)).toHaveLength(count);
  });
  expect(grown).toBeLessThan(6);
});
