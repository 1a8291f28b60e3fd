import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inLanes, lanesFor } from '../../src/pipeline/lanes.ts';

describe('lanes', () => {
  it('give the results in the order of the items, however long each takes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { maxLength: 20 }),
        fc.integer({ min: 1, max: 6 }),
        async (delays, count) => {
          const results = await inLanes([...delays.entries()], count, async ([i, delay]) => {
            if (delay > 0) await pause(delay);
            return i;
          });
          expect(results).toEqual(delays.map((_, i) => i));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('start the items in order, and no more of them at a time than there are lanes', async () => {
    const started: number[] = [];
    let running = 0;
    let most = 0;
    await inLanes([...Array(30).keys()], 4, async (item) => {
      started.push(item);
      most = Math.max(most, ++running);
      await pause(1);
      running--;
    });
    expect(started).toEqual([...Array(30).keys()]);
    expect(most).toBe(4);
  });

  it('are a lane a core, and no more where each may hold the memory of a hostile file', () => {
    expect([1, 2, 8, 9, 64, 256].map(lanesFor)).toEqual([1, 2, 8, 8, 8, 8]);
  });

  it('have nothing to do for no items', async () => {
    expect(await inLanes([], 4, () => Promise.reject(new Error('never')))).toEqual([]);
  });

  it('end with the first error, once what runs has ended, and start nothing more', async () => {
    const ended: number[] = [];
    const started: number[] = [];
    const failing = inLanes([...Array(20).keys()], 3, async (item) => {
      started.push(item);
      await pause(item === 1 ? 1 : 20);
      ended.push(item);
      if (item === 1) throw new Error('first');
      if (item === 2) throw new Error('second');
    });
    await expect(failing).rejects.toThrow('first');
    expect([...ended].sort()).toEqual([...started].sort());
    expect(started.length).toBeLessThan(20);
  });

  it('end when the work throws without waiting for anything, or throws nothing at all', async () => {
    const thrown = inLanes([1, 2, 3], 2, () => {
      throw new Error('at once');
    });
    await expect(thrown).rejects.toThrow('at once');
    await expect(inLanes([1], 1, () => Promise.reject(undefined))).rejects.toBeUndefined();
  });

  it('let timers run while work waits for nothing', async () => {
    let fired = 0;
    const timer = setInterval(() => fired++, 1);
    await inLanes([...Array(40).keys()], 2, async () => {
      const until = performance.now() + 10;
      while (performance.now() < until);
    });
    clearInterval(timer);
    expect(fired).toBeGreaterThanOrEqual(3);
  });
});
