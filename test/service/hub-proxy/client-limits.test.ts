import { describe, expect, it } from 'vitest';
import { ClientLimits } from '../../../src/service/hub-proxy/client-limits.ts';

const never = new AbortController().signal;

/** A clock that stands still: what waits for it is written down. */
function stopped() {
  const waits: number[] = [];
  let time = 0;
  return {
    waits,
    pass: (ms: number) => {
      time += ms;
    },
    now: () => time,
    sleep: async (ms: number) => {
      waits.push(ms);
    },
  };
}

describe('the limits of a client of the Hub proxy', () => {
  it('let a client read any number of files, so many at a time', async () => {
    const clock = stopped();
    const limits = new ClientLimits({ clientRequests: 2, clientBytesPerMinute: 60_000 }, clock);
    for (let i = 0; i < 5_000; i++) (await limits.enter('one', 1, never))();
    const leave = [await limits.enter('one', 1, never), await limits.enter('one', 1, never)];
    let entered = 0;
    const third = limits.enter('one', 1, never).then((done) => {
      entered++;
      return done;
    });
    // Another client has places of its own.
    (await limits.enter('two', 1, never))();
    expect(entered).toBe(0);
    leave[0]?.();
    // Twice gives back one place.
    leave[0]?.();
    (await third)();
    leave[1]?.();
    expect(entered).toBe(1);
    expect(clock.waits).toEqual([]);
  });

  it('let a client read a minute of bytes at once, then only what it may', async () => {
    const clock = stopped();
    const limits = new ClientLimits({ clientRequests: 9, clientBytesPerMinute: 60_000 }, clock);
    await limits.enter('one', 60_000, never);
    expect(clock.waits).toEqual([]);
    await limits.enter('one', 30_000, never);
    await limits.enter('one', 10, never);
    expect(clock.waits).toEqual([30_000]);
    await limits.enter('two', 60_000, never);
    expect(clock.waits).toHaveLength(1);
    clock.pass(600_000);
    await limits.enter('one', 60_000, never);
    expect(clock.waits).toHaveLength(1);
  });

  it('keep no place for a client that has gone, and refuse only those that wait in thousands', async () => {
    const limits = new ClientLimits({ clientRequests: 1, clientBytesPerMinute: 60_000 }, stopped());
    const leave = await limits.enter('one', 1, never);
    const gone = new AbortController();
    const left = limits.enter('one', 1, gone.signal);
    gone.abort(new Error('the client has gone'));
    await expect(left).rejects.toThrow('has gone');
    const waiting = Array.from({ length: 1_000 }, () => limits.enter('one', 0, never));
    await expect(limits.enter('one', 0, never)).rejects.toMatchObject({ status: 429, code: 'too-many-requests' });
    leave();
    for (const one of waiting) (await one)();
    (await limits.enter('one', 0, never))();
  });
});
