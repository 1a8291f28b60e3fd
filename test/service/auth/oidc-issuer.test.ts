import { afterEach, expect, it, vi } from 'vitest';
import { rememberIssuer } from '../../../src/service/auth/oidc-issuer.ts';

const HOUR = 3_600_000;
afterEach(() => vi.useRealTimers());

/** An issuer that counts its requests and can be unavailable. */
function issuer() {
  const state = { asked: 0, isAway: false };
  const ask = async () => {
    state.asked += 1;
    if (state.isAway) throw new Error('away');
    return { keys: state.asked };
  };
  return { state, ask };
}

it('the issuer is asked once for all waiting callers, and again when its answer expires', async () => {
  vi.useFakeTimers();
  const { state, ask } = issuer();
  const describe = rememberIssuer(ask);
  const all = await Promise.all(Array.from({ length: 50 }, describe));
  expect([state.asked, all.every(({ keys }) => keys === 1)]).toEqual([1, true]);
  vi.advanceTimersByTime(HOUR + 1);
  expect((await describe()).keys).toBe(2);
});

it('the last answer of an issuer stays in use while it is unavailable, with one retry per pause', async () => {
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

it('callers share one failure of the issuer until the pause ends', async () => {
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
