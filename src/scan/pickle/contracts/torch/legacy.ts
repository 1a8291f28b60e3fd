import type { StorageClaim } from './storage.ts';

/** More differences than are spelled out. */
const MAX_SHOWN = 8;

/**
 * Contradictions between the persistent ids of a legacy file and the storages after its pickles. A storage that is named but
 * not stored is uninitialised memory.
 */
export function storageOddities(
  keys: readonly string[],
  stored: ReadonlyMap<string, number>,
  claims: ReadonlyMap<string, StorageClaim>,
): string[] {
  const odd: string[] = [];
  if (stored.size < keys.length) odd.push('it names a storage that the file stores twice');
  for (const { key, elements } of claims.values()) {
    if (odd.length >= MAX_SHOWN) break;
    const count = stored.get(key);
    if (count === undefined) odd.push(`it names the storage ${JSON.stringify(key)}, which the file does not have`);
    else if (count !== elements) odd.push(`it says that a storage has ${elements} elements, but it has ${count}`);
  }
  return odd;
}
