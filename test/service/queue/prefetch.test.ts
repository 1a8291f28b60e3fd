import { expect, it } from 'vitest';
import { Prefetch } from '../../../src/service/queue/prefetch.ts';

const DONE = { kind: 'registered', version: 'v' } as const;

it('prefetch takes one more job ahead after each short job, up to the limit', () => {
  const pace = new Prefetch(2);
  const seen = [1, 2, 3].map((ms) => {
    pace.ended(DONE, ms);
    return pace.ahead;
  });
  expect(seen).toEqual([1, 2, 2]);
});

it.each([
  ['took long', DONE, 1_000],
  ['was released', { kind: 'released' }, 1],
  ['was lost', 'lost', 1],
] as const)('prefetch takes no job ahead after a job that %s', (_, end, ms) => {
  const pace = new Prefetch(8);
  pace.ended(DONE, 1);
  pace.ended(end, ms);
  expect(pace.ahead).toBe(0);
});

it('prefetch takes no job ahead when its limit is zero', () => {
  const pace = new Prefetch(0);
  pace.ended(DONE, 1);
  expect(pace.ahead).toBe(0);
});
