import type { Budget } from './budget.ts';

/** A moment, in nanoseconds since 1970. */
export class Timestamp {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A length of time, in nanoseconds. */
export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** Why an expression has no value. Operators pass it on, except where another operand decides alone. */
export class Failure {
  readonly message: string;
  /** Offset into the expression. */
  readonly at: number;

  constructor(message: string, at = 0) {
    this.message = message;
    this.at = at;
  }
}

export type MapKey = string | bigint | boolean;
export type ValueMap = ReadonlyMap<MapKey, Value>;
/** Integers are bigints, floating-point numbers are numbers: 1 and 1.0 are two types. */
export type Value = null | boolean | bigint | number | string | Timestamp | Duration | readonly Value[] | ValueMap;

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Value): value is ValueMap {
  return value instanceof Map;
}

export type Tag = 'null' | 'bool' | 'int' | 'double' | 'string' | 'timestamp' | 'duration' | 'list' | 'map';

export function tagOf(value: Value): Tag {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
  }
  if (value === null) return 'null';
  if (isList(value)) return 'list';
  if (value instanceof Timestamp) return 'timestamp';
  return value instanceof Duration ? 'duration' : 'map';
}

/** The key under which a map holds what `value` names; `undefined` when no key can be equal to it. */
export function keyOf(value: Value): MapKey | undefined {
  if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean') return value;
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined;
}

/** Equality of CEL: numbers by their value whatever their type, lists and maps by content, values of other types never. */
export function equal(a: Value, b: Value, budget: Budget): boolean {
  if (typeof a === 'string' && typeof b === 'string') {
    budget.spend(a.length === b.length ? 1 + a.length / 16 : 1);
    return a === b;
  }
  budget.spend(1);
  if (a === b) return true;
  const numeric = compareNumbers(a, b);
  if (numeric !== undefined) return numeric === 0;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, i) => equal(item, b[i] ?? null, budget));
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (!isMap(b) || !isMap(a) || a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !equal(value, other, budget)) return false;
  }
  return true;
}

/**
 * Negative, zero or positive; `undefined` when the two have no order: not of one kind, or NaN is among them. Text is ordered by
 * code points.
 */
export function compare(a: Value, b: Value): number | undefined {
  const numeric = compareNumbers(a, b);
  if (numeric !== undefined) return Number.isNaN(numeric) ? undefined : numeric;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  const isTime = (a instanceof Timestamp && b instanceof Timestamp) || (a instanceof Duration && b instanceof Duration);
  return isTime ? compareNumbers(a.nanos, b.nanos) : undefined;
}

/** NaN when the two cannot be ordered; `undefined` when one is no number. An integer meets a double as a double. */
function compareNumbers(a: Value, b: Value): number | undefined {
  if (typeof a === 'bigint' && typeof b === 'bigint') return order(a, b);
  const left = asDouble(a);
  const right = asDouble(b);
  if (left === undefined || right === undefined) return undefined;
  return Number.isNaN(left) || Number.isNaN(right) ? Number.NaN : order(left, right);
}

function asDouble(value: Value): number | undefined {
  return typeof value === 'bigint' ? Number(value) : typeof value === 'number' ? value : undefined;
}

function order<T extends bigint | number | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const SURROGATE = /[\ud800-\udfff]/;

function compareText(a: string, b: string): number {
  return SURROGATE.test(a) || SURROGATE.test(b) ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : order(a, b);
}
