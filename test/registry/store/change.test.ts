import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { newId } from '../../../src/registry/store/change.ts';

it('names things by UUIDs of version 7, later ones behind earlier ones', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    ids.push(newId());
    // Those of one millisecond are in no order: the next one is named when the clock shows another.
    for (const named = Date.now(); Date.now() <= named; ) await delay(1);
  }
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect([...ids].sort()).toEqual(ids);
  expect(Number.parseInt(`${ids[0]?.slice(0, 8)}${ids[0]?.slice(9, 13)}`, 16)).toBeGreaterThan(Date.now() - 60_000);
  expect(new Set(Array.from({ length: 10_000 }, newId)).size).toBe(10_000);
});
