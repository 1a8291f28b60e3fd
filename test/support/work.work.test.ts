import { expect, it } from 'vitest';
import { entryPath } from '../../src/integrity/manifests/manifest.ts';
import { work } from './work.ts';

const paths = (count: number) =>
  work(() => Array.from({ length: count }, (_, i) => entryPath(`folder/${i}`, 'SHA256SUMS')));

it('measured work grows with the executed code, and hardly differs between runs', async () => {
  await paths(100);
  const some = await paths(1_000);
  expect((await paths(1_000)) / some).toBeCloseTo(1, 2);
  const four = (await paths(4_000)) / some;
  expect(four).toBeGreaterThan(3.9);
  expect(four).toBeLessThan(4.1);
});

it('measured work excludes the code of the test itself', async () => {
  let sum = 0;
  const spent = await work(() => {
    for (let i = 0; i < 1_000; i++) sum += i;
  });
  expect([sum, spent]).toEqual([499_500, 0]);
});
