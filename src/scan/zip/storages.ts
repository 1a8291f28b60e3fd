import type { FileBudget } from '../../core/index.ts';
import type { ZipEntry } from '../../formats/zip/index.ts';
import type { StorageRecords } from '../scanner/index.ts';
import type { StorageNames } from './layout.ts';

/** Bytes that one record costs in the table, about. */
const RECORD_BYTES = 128;

const known = new WeakMap<readonly ZipEntry[], Map<string, StorageRecords>>();

/** The storages of an archive, read from its directory once for all its pickles. */
export function storageRecords(entries: readonly ZipEntry[], names: StorageNames, budget: FileBudget): StorageRecords {
  const tables = known.get(entries) ?? new Map<string, StorageRecords>();
  known.set(entries, tables);
  const key = `${names.before}\0${names.after}`;
  const records = tables.get(key) ?? readRecords(entries, names, budget);
  tables.set(key, records);
  return records;
}

/** The storages of an archive by the keys that persistent ids name them with, each with the sizes of all its records. */
function readRecords(
  entries: readonly ZipEntry[],
  { before, after }: StorageNames,
  budget: FileBudget,
): StorageRecords {
  const records = new Map<string, number[]>();
  budget.work(entries.length);
  for (const { name, size } of entries) {
    if (!name.startsWith(before) || !name.endsWith(after) || name.length < before.length + after.length) continue;
    const key = name.slice(before.length, name.length - after.length);
    const sizes = records.get(key);
    budget.hold(RECORD_BYTES);
    if (sizes === undefined) records.set(key, [size]);
    else sizes.push(size);
  }
  return records;
}
