import type { Budget } from './budget.ts';
import { define, defineBoth, type Overload } from './overload.ts';
import { matchesPattern } from './pattern.ts';
import { BOOL, INT, listOf, STRING } from './types.ts';
import { Failure, type Value } from './values.ts';

/** White space of Unicode, which JavaScript's own differs from. */
const START_SPACE = /^\p{White_Space}+/u;
const END_SPACE = /(?<!\p{White_Space})\p{White_Space}+$/u;
const OUTSIDE = 'the position is outside the text';

/** Positions and lengths are in code points. */
export const TEXTS: readonly Overload[] = [
  define('call', '_+_', ['string', 'string'], STRING, ([a, b], budget) => {
    budget.spend(a.length + b.length);
    return a + b;
  }),
  ...defineBoth('size', ['string'], INT, ([a], budget) => {
    budget.spend(a.length);
    return BigInt(points(a));
  }),
  define('method', 'contains', ['string', 'string'], BOOL, ([a, b], budget) => {
    budget.spend(a.length + b.length);
    return a.includes(b);
  }),
  define('method', 'startsWith', ['string', 'string'], BOOL, ([a, b], budget) => {
    budget.spend(b.length);
    return a.startsWith(b);
  }),
  define('method', 'endsWith', ['string', 'string'], BOOL, ([a, b], budget) => {
    budget.spend(b.length);
    return a.endsWith(b);
  }),
  ...defineBoth('matches', ['string', 'string'], BOOL, ([a, b], budget) => matchesPattern(a, b, budget)),
  define('method', 'lowerAscii', ['string'], STRING, ([a], budget) => {
    budget.spend(a.length);
    return a.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  }),
  define('method', 'upperAscii', ['string'], STRING, ([a], budget) => {
    budget.spend(a.length);
    return a.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
  }),
  define('method', 'trim', ['string'], STRING, ([a], budget) => {
    budget.spend(a.length);
    return a.replace(START_SPACE, '').replace(END_SPACE, '');
  }),
  define('method', 'charAt', ['string', 'int'], STRING, ([a, at], budget) => {
    budget.spend(a.length);
    const found = Array.from(a);
    const index = Number(at);
    return index >= 0 && index <= found.length ? (found[index] ?? '') : new Failure(OUTSIDE);
  }),
  define('method', 'indexOf', ['string', 'string'], INT, ([a, b], budget) => find(a, b, 0n, budget)),
  define('method', 'indexOf', ['string', 'string', 'int'], INT, ([a, b, from], budget) => find(a, b, from, budget)),
  define('method', 'lastIndexOf', ['string', 'string'], INT, ([a, b], budget) => findLast(a, b, undefined, budget)),
  define('method', 'lastIndexOf', ['string', 'string', 'int'], INT, ([a, b, from], budget) =>
    findLast(a, b, from, budget),
  ),
  define('method', 'substring', ['string', 'int'], STRING, ([a, from], budget) => {
    budget.spend(a.length);
    return slice(a, Number(from), undefined);
  }),
  define('method', 'substring', ['string', 'int', 'int'], STRING, ([a, from, to], budget) => {
    budget.spend(a.length);
    return slice(a, Number(from), Number(to));
  }),
  define('method', 'replace', ['string', 'string', 'string'], STRING, ([a, from, to], budget) =>
    replace(a, from, to, -1n, budget),
  ),
  define('method', 'replace', ['string', 'string', 'string', 'int'], STRING, ([a, from, to, most], budget) =>
    replace(a, from, to, most, budget),
  ),
  define('method', 'split', ['string', 'string'], listOf(STRING), ([a, by], budget) => split(a, by, -1n, budget)),
  define('method', 'split', ['string', 'string', 'int'], listOf(STRING), ([a, by, most], budget) =>
    split(a, by, most, budget),
  ),
  define('method', 'join', ['list'], STRING, ([list], budget) => join(list, '', budget)),
  define('method', 'join', ['list', 'string'], STRING, ([list, by], budget) => join(list, by, budget)),
];

function points(text: string): number {
  let count = text.length;
  for (const pair of text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) count -= pair.length;
  return count;
}

function positionOf(text: string, at: number): bigint {
  return at <= 0 ? BigInt(at) : BigInt(points(text.slice(0, at)));
}

/** The offset in UTF-16 units of a position; `undefined` outside the text. */
function offsetOf(text: string, position: bigint): number | undefined {
  if (position < 0n || position > text.length) return undefined;
  if (points(text) === text.length) return Number(position);
  const all = Array.from(text);
  return position > all.length ? undefined : all.slice(0, Number(position)).join('').length;
}

function find(text: string, part: string, from: bigint, budget: Budget): bigint | Failure {
  budget.spend(2 * text.length + part.length);
  const start = offsetOf(text, from);
  return start === undefined ? new Failure(OUTSIDE) : positionOf(text, text.indexOf(part, start));
}

function findLast(text: string, part: string, from: bigint | undefined, budget: Budget): bigint | Failure {
  budget.spend(2 * text.length + part.length);
  const start = from === undefined ? text.length : offsetOf(text, from);
  return start === undefined ? new Failure(OUTSIDE) : positionOf(text, text.lastIndexOf(part, start));
}

/** @param most how often; always, when negative */
function replace(text: string, from: string, to: string, most: bigint, budget: Budget): string {
  const times = from === '' ? text.length + 1 : text.length / from.length;
  budget.spend(text.length + times * to.length);
  let done = 0n;
  return text.replaceAll(from, (found) => (most >= 0n && done++ >= most ? found : to));
}

/** @param most how many parts, the last holding the rest; all, when negative */
function split(text: string, by: string, most: bigint, budget: Budget): string[] {
  budget.spend(2 * text.length + 1);
  const parts = by === '' ? Array.from(text) : text.split(by);
  if (most < 0n || parts.length <= most) return parts;
  if (most === 0n) return [];
  const kept = Number(most) - 1;
  return [...parts.slice(0, kept), parts.slice(kept).join(by)];
}

function slice(text: string, from: number, to: number | undefined): string | Failure {
  const all = Array.from(text);
  const end = to ?? all.length;
  if (from < 0 || end > all.length || from > end) return new Failure(OUTSIDE);
  return all.slice(from, end).join('');
}

function join(list: readonly Value[], by: string, budget: Budget): string | Failure {
  const texts: string[] = [];
  for (const item of list) {
    if (typeof item !== 'string') return new Failure('join takes a list of texts');
    budget.spend(item.length + by.length + 1);
    texts.push(item);
  }
  return texts.join(by);
}
