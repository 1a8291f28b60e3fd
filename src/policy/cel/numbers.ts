import { define, type Overload } from './overload.ts';
import { BOOL, DOUBLE, INT, STRING } from './types.ts';
import { compare, Failure, type Value } from './values.ts';

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

/** An integer of 64 bits, or a failure. */
export function int64(value: bigint): bigint | Failure {
  return value >= MIN && value <= MAX ? value : new Failure('the number does not fit 64 bits');
}

function intFromDouble(value: number): bigint | Failure {
  // The bounds themselves are no doubles, and their neighbours round to what does not fit.
  const fits = value > Number(MIN) && value < Number(MAX);
  return fits ? BigInt(Math.trunc(value)) : new Failure('the number does not fit 64 bits');
}

function divided(a: bigint, b: bigint, by: (a: bigint, b: bigint) => bigint): bigint | Failure {
  return b === 0n ? new Failure('a number is divided by zero') : int64(by(a, b));
}

function order(name: string, holds: (sign: number) => boolean): Overload {
  return define('call', name, ['any', 'any'], BOOL, ([a, b], budget) => {
    budget.spend(lengthOf(a) + lengthOf(b));
    const sign = compare(a, b);
    if (sign !== undefined) return holds(sign);
    const unordered = typeof a === 'number' || typeof b === 'number';
    return unordered && isNumber(a) && isNumber(b) ? false : new Failure('the two have no order');
  });
}

function isNumber(value: Value): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

function lengthOf(value: Value): number {
  return typeof value === 'string' ? value.length : 1;
}

export const NUMBERS: readonly Overload[] = [
  define('call', '_+_', ['int', 'int'], INT, ([a, b]) => int64(a + b)),
  define('call', '_+_', ['double', 'double'], DOUBLE, ([a, b]) => a + b),
  define('call', '_-_', ['int', 'int'], INT, ([a, b]) => int64(a - b)),
  define('call', '_-_', ['double', 'double'], DOUBLE, ([a, b]) => a - b),
  define('call', '_*_', ['int', 'int'], INT, ([a, b]) => int64(a * b)),
  define('call', '_*_', ['double', 'double'], DOUBLE, ([a, b]) => a * b),
  define('call', '_/_', ['int', 'int'], INT, ([a, b]) => divided(a, b, (x, y) => x / y)),
  define('call', '_/_', ['double', 'double'], DOUBLE, ([a, b]) => a / b),
  define('call', '_%_', ['int', 'int'], INT, ([a, b]) => divided(a, b, (x, y) => x % y)),
  define('call', '-_', ['int'], INT, ([a]) => int64(-a)),
  define('call', '-_', ['double'], DOUBLE, ([a]) => -a),
  define('call', '!_', ['bool'], BOOL, ([a]) => !a),
  order('_<_', (sign) => sign < 0),
  order('_<=_', (sign) => sign <= 0),
  order('_>_', (sign) => sign > 0),
  order('_>=_', (sign) => sign >= 0),
  define('call', 'int', ['int'], INT, ([a]) => a),
  define('call', 'int', ['double'], INT, ([a]) => intFromDouble(a)),
  define('call', 'int', ['string'], INT, ([a]) =>
    /^-?\d{1,20}$/.test(a) ? int64(BigInt(a)) : new Failure('the text is no integer'),
  ),
  define('call', 'double', ['double'], DOUBLE, ([a]) => a),
  define('call', 'double', ['int'], DOUBLE, ([a]) => Number(a)),
  define('call', 'double', ['string'], DOUBLE, ([a]) => doubleFrom(a)),
  define('call', 'bool', ['bool'], BOOL, ([a]) => a),
  define('call', 'bool', ['string'], BOOL, ([a]) => boolFrom(a)),
  define('call', 'string', ['string'], STRING, ([a]) => a),
  define('call', 'string', ['int'], STRING, ([a]) => String(a)),
  define('call', 'string', ['double'], STRING, ([a]) => doubleText(a)),
  define('call', 'string', ['bool'], STRING, ([a]) => String(a)),
];

function doubleFrom(text: string): number | Failure {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) && text.length <= 400) return Number(text);
  const special = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (special !== null) return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^nan$/i.test(text) ? Number.NaN : new Failure('the text is no number');
}

/** Of the specification, which takes those of Go. */
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

function boolFrom(text: string): boolean | Failure {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : new Failure('the text is neither true nor false');
}

function doubleText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}
