import { expect, it } from 'vitest';
import { readPolicyDocument } from '../../src/policy/read-policy.ts';
import { work } from './work.ts';

const list = (items: number) => Buffer.from(`a:\n${'  - b\n'.repeat(items)}`);

it('the work of reading a document grows with its length, and hardly differs from one time to the next', async () => {
  await work(() => readPolicyDocument(list(10)));
  const some = await work(() => readPolicyDocument(list(1_000)));
  expect((await work(() => readPolicyDocument(list(1_000)))) / some).toBeCloseTo(1, 0);
  const four = (await work(() => readPolicyDocument(list(4_000)))) / some;
  expect(four).toBeGreaterThan(2.5);
  expect(four).toBeLessThan(6);
});

it('the work of a test itself does not count', async () => {
  let sum = 0;
  const spent = await work(() => {
    for (let i = 0; i < 1_000; i++) sum += i;
  });
  expect([sum, spent]).toEqual([499_500, 0]);
});
