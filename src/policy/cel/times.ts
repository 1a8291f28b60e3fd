import { define, type Overload } from './overload.ts';
import { DURATION, INT, STRING, TIMESTAMP } from './types.ts';
import { Duration, Failure, Timestamp } from './values.ts';

const SECOND = 1_000_000_000n;
const UNITS: Readonly<Record<string, bigint>> = {
  h: 3600n * SECOND,
  m: 60n * SECOND,
  s: SECOND,
  ms: 1_000_000n,
  us: 1_000n,
  µs: 1_000n,
  ns: 1n,
};
/** Years 1 to 9999. */
const FIRST = -62_135_596_800n * SECOND;
const LAST = 253_402_300_800n * SECOND - 1n;
/** Of google.protobuf.Duration and of Go: what fits 64 bits of nanoseconds. */
const LONGEST = 2n ** 63n - 1n;

const RFC3339 = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** @returns a failure for what is no date-time of RFC 3339, or is a day that does not exist. */
export function timestampFrom(text: string): Timestamp | Failure {
  const [, day = '', time = '', fraction = '', zone = ''] = RFC3339.exec(text) ?? [];
  const whole = Date.parse(`${day}T${time}Z`);
  const wrong = new Failure('the text is no time like 2027-01-31T12:00:00Z');
  // A day past the end of its month would be taken for one of the next.
  if (Number.isNaN(whole) || !new Date(whole).toISOString().startsWith(day)) return wrong;
  const millis = zone === 'Z' ? whole : Date.parse(`${day}T${time}${zone}`);
  if (Number.isNaN(millis)) return wrong;
  return moment(BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, '0')));
}

function moment(nanos: bigint): Timestamp | Failure {
  return nanos >= FIRST && nanos <= LAST ? new Timestamp(nanos) : new Failure('the time is not within years 1 to 9999');
}

function length(nanos: bigint): Duration | Failure {
  return nanos >= -LONGEST && nanos <= LONGEST ? new Duration(nanos) : new Failure('the duration is too long');
}

function durationFrom(text: string): Duration | Failure {
  const wrong = new Failure('the text is no duration like 72h or 1h30m');
  if (text.length > 64 || !/^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:h|ms|us|µs|ns|m|s))+)$/.test(text)) return wrong;
  let nanos = 0n;
  for (const [, number = '', unit = ''] of text.matchAll(/([\d.]+)(h|ms|us|µs|ns|m|s)/g)) {
    const [whole = '', fraction = ''] = number.split('.');
    const size = UNITS[unit] ?? 0n;
    nanos += BigInt(whole || '0') * size + (BigInt(fraction || '0') * size) / 10n ** BigInt(fraction.length);
  }
  return length(text.startsWith('-') ? -nanos : nanos);
}

export function timestampText({ nanos }: Timestamp): string {
  const seconds = floorDivide(nanos, SECOND);
  const date = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${date}${fractionText(nanos - seconds * SECOND)}Z`;
}

export function durationText({ nanos }: Duration): string {
  const size = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? '-' : ''}${size / SECOND}${fractionText(size % SECOND)}s`;
}

function fractionText(nanos: bigint): string {
  return nanos === 0n ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;
}

function floorDivide(a: bigint, b: bigint): bigint {
  return a % b < 0n ? a / b - 1n : a / b;
}

function part(name: string, of: (date: Date) => number): Overload {
  return define('method', name, ['timestamp'], INT, ([{ nanos }]) =>
    BigInt(of(new Date(Number(floorDivide(nanos, 1_000_000n))))),
  );
}

function wholes(name: string, unit: bigint): Overload {
  return define('method', name, ['duration'], INT, ([{ nanos }]) => nanos / unit);
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - new Date(date).setUTCMonth(0, 1)) / 86_400_000);
}

/** Parts of times are those of UTC. */
export const TIMES: readonly Overload[] = [
  define('call', 'timestamp', ['timestamp'], TIMESTAMP, ([a]) => a),
  define('call', 'timestamp', ['string'], TIMESTAMP, ([a]) => timestampFrom(a)),
  define('call', 'timestamp', ['int'], TIMESTAMP, ([a]) => moment(a * SECOND)),
  define('call', 'duration', ['duration'], DURATION, ([a]) => a),
  define('call', 'duration', ['string'], DURATION, ([a]) => durationFrom(a)),
  define('call', 'int', ['timestamp'], INT, ([{ nanos }]) => floorDivide(nanos, SECOND)),
  define('call', 'string', ['timestamp'], STRING, ([a]) => timestampText(a)),
  define('call', 'string', ['duration'], STRING, ([a]) => durationText(a)),
  define('call', '_+_', ['timestamp', 'duration'], TIMESTAMP, ([a, b]) => moment(a.nanos + b.nanos)),
  define('call', '_+_', ['duration', 'timestamp'], TIMESTAMP, ([a, b]) => moment(a.nanos + b.nanos)),
  define('call', '_+_', ['duration', 'duration'], DURATION, ([a, b]) => length(a.nanos + b.nanos)),
  define('call', '_-_', ['timestamp', 'timestamp'], DURATION, ([a, b]) => length(a.nanos - b.nanos)),
  define('call', '_-_', ['timestamp', 'duration'], TIMESTAMP, ([a, b]) => moment(a.nanos - b.nanos)),
  define('call', '_-_', ['duration', 'duration'], DURATION, ([a, b]) => length(a.nanos - b.nanos)),
  part('getFullYear', (date) => date.getUTCFullYear()),
  part('getMonth', (date) => date.getUTCMonth()),
  part('getDate', (date) => date.getUTCDate()),
  part('getDayOfMonth', (date) => date.getUTCDate() - 1),
  part('getDayOfWeek', (date) => date.getUTCDay()),
  part('getDayOfYear', dayOfYear),
  part('getHours', (date) => date.getUTCHours()),
  part('getMinutes', (date) => date.getUTCMinutes()),
  part('getSeconds', (date) => date.getUTCSeconds()),
  part('getMilliseconds', (date) => date.getUTCMilliseconds()),
  wholes('getHours', 3600n * SECOND),
  wholes('getMinutes', 60n * SECOND),
  wholes('getSeconds', SECOND),
  define('method', 'getMilliseconds', ['duration'], INT, ([{ nanos }]) => (nanos % SECOND) / 1_000_000n),
];
