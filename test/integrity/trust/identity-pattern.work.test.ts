import { expect, test } from 'vitest';
import { identityMatches } from '../../../src/integrity/trust/identity-pattern.ts';
import { growth } from '../../support/growth.ts';
import { work } from '../../support/work.ts';

/** Each character of a pattern is compared with each character of the name once. */
const EACH = 8;

test.each<[string, string]>([
  ['*a', 'b'],
  ['**a*', 'b'],
  ['a*b*', 'c'],
])('the work to match a pattern of %s is at most its length times that of the name', async (unit, end) => {
  const pattern = (length: number) => `${unit.repeat(length / unit.length)}${end}`;
  const spent = await work(() => expect(identityMatches(pattern(2_000), 'a'.repeat(2_000))).toBe(false));
  expect(spent).toBeLessThan(EACH * 2_000 * 2_000);
  expect(
    await growth(500, (length) => expect(identityMatches(pattern(length), 'a'.repeat(1_000))).toBe(false)),
  ).toBeLessThan(5);
  expect(
    await growth(500, (length) => expect(identityMatches(pattern(1_000), 'a'.repeat(length))).toBe(false)),
  ).toBeLessThan(5);
});

test('a pattern or a name that is too long is not compared', async () => {
  const spent = await work(() => {
    expect(identityMatches(`a${'*'.repeat(4_000)}`, 'a')).toBe(false);
    expect(identityMatches('a*', 'a'.repeat(4_000))).toBe(false);
  });
  expect(spent).toBeLessThan(20);
});
