import { AssayError, type FileBudget, parseSignedJson } from '../../core/index.ts';

export type SkopsJson = null | boolean | number | string | readonly SkopsJson[] | SkopsRecord;
export type SkopsRecord = { readonly [key: string]: SkopsJson };

/** Objects within objects are a few levels each; a vocabulary has a node for every word. */
const BOUNDS = { maxBytes: 64 * 1024 * 1024, maxDepth: 500, maxTokens: 6_000_000 };
const PARSED_BYTES = 6;

/**
 * The root of a `schema.json`; `undefined` when it is a document of another kind. The budget holds it until `release`.
 * @throws AssayError `malformed` also for a key that is there twice, `limit`
 */
export function parseSchema(
  bytes: Uint8Array,
  name: string,
  budget: FileBudget,
): { readonly root: SkopsRecord; release(): void } | undefined {
  const held = PARSED_BYTES * bytes.length;
  budget.hold(held);
  budget.work(bytes.length);
  const json = parseSignedJson(bytes, name, BOUNDS);
  const release = () => budget.release(held);
  if (isSkopsJson(json) && isSkopsRecord(json) && skopsField(json, '__loader__') !== undefined)
    return { root: json, release };
  release();
  return undefined;
}

/** All that JSON can hold is this. */
function isSkopsJson(value: unknown): value is SkopsJson {
  return value === null || ['boolean', 'number', 'string', 'object'].includes(typeof value);
}

export function isSkopsRecord(value: SkopsJson | undefined): value is SkopsRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key of an object; `undefined` for one that it does not have, whatever its prototype has. */
export function skopsField(record: SkopsJson | undefined, key: string): SkopsJson | undefined {
  return isSkopsRecord(record) && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** @throws AssayError `malformed` */
export function skopsRecord(value: SkopsJson | undefined, what: string): SkopsRecord {
  if (isSkopsRecord(value)) return value;
  throw broken(`${what} is not an object`);
}

export function skopsList(value: SkopsJson | undefined, what: string): readonly SkopsJson[] {
  if (Array.isArray(value)) return value;
  throw broken(`${what} is not a list`);
}

export function skopsText(value: SkopsJson | undefined, what: string): string {
  if (typeof value === 'string') return value;
  throw broken(`${what} is not a text`);
}

export function broken(what: string): AssayError {
  return new AssayError('malformed', what.slice(0, 200), { subject: 'schema.json' });
}
