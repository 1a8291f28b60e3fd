import { AssayError, type FileBudget, parseSignedJson } from '../../core/index.ts';

export type KerasJson = null | boolean | number | string | readonly KerasJson[] | KerasRecord;
export type KerasRecord = { readonly [key: string]: KerasJson };

/** Models within models, and what describes them. */
const BOUNDS = { maxBytes: 32 * 1024 * 1024, maxDepth: 96, maxTokens: 1_000_000 };

/**
 * The configuration of a model, as JSON. One that names a key twice is refused: readers differ on which of the two counts.
 * @throws AssayError `malformed`, `limit`
 */
export function parseKerasJson(bytes: Uint8Array, name: string, budget: FileBudget): KerasRecord {
  budget.hold(4 * bytes.length);
  const json = parseSignedJson(bytes, name, BOUNDS);
  if (!isKerasJson(json) || !isRecord(json))
    throw new AssayError('malformed', 'is not a JSON object', { subject: name });
  return json;
}

/** All that JSON can hold is this. */
function isKerasJson(value: unknown): value is KerasJson {
  return value === null || ['boolean', 'number', 'string', 'object'].includes(typeof value);
}

export function isRecord(value: KerasJson | undefined): value is KerasRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: KerasJson | undefined): value is readonly KerasJson[] {
  return Array.isArray(value);
}

/** A key of an object; `undefined` for one that it does not have, whatever its prototype has. */
export function kerasKey(record: KerasRecord, key: string): KerasJson | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
