import type { Page } from './api/index.ts';
import type { PageRequest } from './records.ts';
import { RegistryError } from './registry-error.ts';

const DEFAULT = 50;
const MOST = 200;

/** @throws RegistryError `invalid` for a limit out of bounds. */
export function limitOf({ limit = DEFAULT }: PageRequest = {}): number {
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= MOST) return limit;
  throw new RegistryError('invalid', `a page has 1 to ${MOST} items`);
}

/** The `seq` to go on from; `undefined` on the first page. */
export function seqAfter({ after }: PageRequest = {}): number | undefined {
  if (after === undefined) return undefined;
  const seq = /^[0-9]{1,10}$/.test(after) ? Number(after) : Number.NaN;
  if (seq <= 0x7fffffff) return seq;
  throw noCursor();
}

/** The name to go on from, for pages in the order of names. */
export function nameAfter({ after }: PageRequest = {}): string | undefined {
  if (after === undefined) return undefined;
  const name = Buffer.from(after, 'base64url').toString();
  if (after.length <= 1000 && Buffer.from(name).toString('base64url') === after && !name.includes('\0')) return name;
  throw noCursor();
}

/** @param rows one more than the page holds, when there are more */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  item: (row: R) => T,
  cursorOf: (row: R) => string,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(item), next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}

export function nameCursor(name: string): string {
  return Buffer.from(name).toString('base64url');
}

function noCursor(): RegistryError {
  return new RegistryError('invalid', 'this is not a cursor', { hint: 'give the value of next from a page' });
}
