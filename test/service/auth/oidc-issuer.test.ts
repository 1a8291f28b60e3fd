import { afterEach, expect, it, vi } from 'vitest';
import { rememberIssuer } from '../../../src/service/auth/oidc-issuer.ts';

const HOUR = 3_600_000;
afterEach(() => vi.useRealTimers());

/** An issuer that counts how often it is asked, and may be away. */
function issuer() {
  const state = { asked: 0, isAway: false };
  const ask = async () => {
    state.asked += 1;
    if (state.isAway) throw new Error('away');
    return { keys: state.asked };
  };
  return { state, ask };
}

it('asks once for all who wait, and again when what it said is old', async () => {
  vi.useFakeTimers();
  const { state, ask } = issuer();
  const describe = rememberIssuer(ask);
  const all = await Promise.all(Array.from({ length: 50 }, describe));
  expect([state.asked, all.every(({ keys }) => keys === 1)]).toEqual([1, true]);
  vi.advanceTimersByTime(HOUR + 1);
  expect((await describe()).keys).toBe(2);
});

it('goes on with what was said before while nobody answers, and asks no more than once a pause', async () => {
  vi.useFakeTimers();
  const { state, ask } = issuer();
  const describe = rememberIssuer(ask, 1_000);
  await describe();
  state.isAway = true;
  vi.advanceTimersByTime(HOUR + 1);
  for (let i = 0; i < 20; i++) expect((await describe()).keys).toBe(1);
  expect(state.asked).toBe(2);
  state.isAway = false;
  vi.advanceTimersByTime(1_000);
  expect((await describe()).keys).toBe(3);
});

it('tells everybody of one failure, until the pause is over', async () => {
  vi.useFakeTimers();
  const { state, ask } = issuer();
  const describe = rememberIssuer(ask, 1_000);
  state.isAway = true;
  for (let i = 0; i < 20; i++) await expect(describe()).rejects.toThrow('away');
  expect(state.asked).toBe(1);
  state.isAway = false;
  vi.advanceTimersByTime(1_000);
  expect((await describe()).keys).toBe(2);
});
