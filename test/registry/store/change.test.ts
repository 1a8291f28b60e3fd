import { afterEach, expect, it, vi } from 'vitest';
import { newId } from '../../../src/registry/store/change.ts';

const START = Date.UTC(2026, 10, 25);
afterEach(() => void vi.useRealTimers());

it('newId returns UUIDs of version 7 that sort by time', () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    // Ids of the same millisecond have no order: each id here is from another millisecond.
    vi.setSystemTime(START + i);
    ids.push(newId());
  }
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect([...ids].sort()).toEqual(ids);
  expect(Number.parseInt(`${ids[0]?.slice(0, 8)}${ids[0]?.slice(9, 13)}`, 16)).toBe(START);
  expect(new Set(Array.from({ length: 10_000 }, newId)).size).toBe(10_000);
});
