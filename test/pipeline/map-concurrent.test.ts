import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { concurrencyFor, mapConcurrent } from '../../src/pipeline/map-concurrent.ts';
import { barrier } from '../support/until.ts';

describe('mapConcurrent', () => {
  it('returns the results in the order of the items, whatever their order of completion', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 20 }), fc.integer({ min: 1, max: 6 }), async (turns, count) => {
        const results = await mapConcurrent([...turns.entries()], count, async ([i, left]) => {
          for (let at = 0; at < left; at++) await yieldToEventLoop();
          return i;
        });
        expect(results).toEqual(turns.map((_, i) => i));
      }),
      { numRuns: 50 },
    );
  });

  it('starts the items in order, and no more at a time than the limit', async () => {
    const started: number[] = [];
    let running = 0;
    let most = 0;
    const all = barrier();
    await mapConcurrent([...Array(30).keys()], 4, async (item) => {
      started.push(item);
      most = Math.max(most, ++running);
      // The first four continue once all of them run.
      if (running === 4) all.open();
      await all.opened;
      await yieldToEventLoop();
      running--;
    });
    expect(started).toEqual([...Array(30).keys()]);
    expect(most).toBe(4);
  });

  it('runs one item per core, and at most eight, since each can hold the memory of a hostile file', () => {
    expect([1, 2, 8, 9, 64, 256].map(concurrencyFor)).toEqual([1, 2, 8, 8, 8, 8]);
  });

  it('returns nothing for no items', async () => {
    expect(await mapConcurrent([], 4, () => Promise.reject(new Error('never')))).toEqual([]);
  });

  it('rejects with the first error once the running items have ended, and starts no more', async () => {
    const ended: number[] = [];
    const started: number[] = [];
    const [allRun, failed] = [barrier(), barrier()];
    const failing = mapConcurrent([...Array(20).keys()], 3, async (item) => {
      started.push(item);
      if (started.length === 3) allRun.open();
      await allRun.opened;
      if (item !== 1) await failed.opened;
      ended.push(item);
      if (item === 1) throw new Error('first');
      if (item === 2) throw new Error('second');
    });
    await allRun.opened;
    await yieldToEventLoop();
    expect(ended).toEqual([1]);
    failed.open();
    await expect(failing).rejects.toThrow('first');
    expect(started).toEqual([0, 1, 2]);
    expect(ended).toEqual([1, 0, 2]);
  });

  it('rejects when the work throws synchronously or rejects with undefined', async () => {
    const thrown = mapConcurrent([1, 2, 3], 2, () => {
      throw new Error('at once');
    });
    await expect(thrown).rejects.toThrow('at once');
    await expect(mapConcurrent([1], 1, () => Promise.reject(undefined))).rejects.toBeUndefined();
  });

  it('lets timers run while the work never waits', async () => {
    let now = 0;
    // Every item takes longer than the time after which mapConcurrent yields.
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    let turns = 0;
    let next = setImmediate(function again() {
      turns++;
      next = setImmediate(again);
    });
    try {
      await mapConcurrent([...Array(40).keys()], 2, async () => {
        now += 100;
      });
    } finally {
      clearImmediate(next);
      clock.mockRestore();
    }
    expect(turns).toBeGreaterThanOrEqual(20);
  });
});
