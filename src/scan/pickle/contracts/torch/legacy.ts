import type { StorageClaim } from './storage.ts';

/** More differences than are spelled out. */
const MAX_SHOWN = 8;

/**
 * What does not fit between the persistent ids of a legacy file and the storages behind its pickles. A storage that is named and
 * not stored is memory that nobody wrote.
 */
export function storageOddities(
  keys: readonly string[],
  stored: ReadonlyMap<string, number>,
  claims: ReadonlyMap<string, StorageClaim>,
): string[] {
  const odd: string[] = [];
  if (stored.size < keys.length) odd.push('names a storage that the file stores twice');
  for (const { key, elements } of claims.values()) {
    if (odd.length >= MAX_SHOWN) break;
    const count = stored.get(key);
    if (count === undefined) odd.push(`names the storage ${JSON.stringify(key)}, which is not there`);
    else if (count !== elements) odd.push(`says that a storage has ${elements} elements, and it has ${count}`);
  }
  return odd;
}
