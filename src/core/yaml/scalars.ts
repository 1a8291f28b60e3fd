import { type Cursor, isYamlBlank } from './cursor.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '\\': '\\',
  '/': '/',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
};
const CODES: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** A quoted scalar; the cursor stands on its first quote. @throws AssayError `malformed` */
export function quotedScalar(cursor: Cursor): string {
  const quote = cursor.peek();
  const start = cursor.at;
  const parts: string[] = [];
  cursor.skip();
  for (;;) {
    const character = cursor.peek();
    if (character === '') throw cursor.malformed('a quoted scalar without an end', start);
    if (character === quote) {
      cursor.skip();
      if (quote === '"' || cursor.peek() !== "'") return parts.join('');
      parts.push("'");
      cursor.skip();
    } else if (character === '\\' && quote === '"') parts.push(escaped(cursor));
    else if (isYamlBlank(character) || cursor.isBreak(character)) parts.push(spaces(cursor));
    else parts.push(run(cursor, quote));
  }
}

/** Characters that stand for themselves. */
function run(cursor: Cursor, quote: string): string {
  const from = cursor.at;
  for (;;) {
    const character = cursor.peek();
    if (cursor.isEnd(character) || character === quote || (character === '\\' && quote === '"')) break;
    cursor.skip();
  }
  return cursor.text.slice(from, cursor.at);
}

function escaped(cursor: Cursor): string {
  cursor.skip();
  const character = cursor.peek();
  if (cursor.isBreak(character)) {
    cursor.skipBreak();
    return lineBreaks(cursor).join('');
  }
  const length = CODES[character];
  const meaning = ESCAPES[character];
  if (length === undefined) {
    if (meaning === undefined) throw cursor.malformed('an unknown escape');
    cursor.skip();
    return meaning;
  }
  const digits = cursor.text.slice(cursor.at + 1, cursor.at + 1 + length);
  const code = /^[0-9A-Fa-f]+$/.test(digits) && digits.length === length ? Number.parseInt(digits, 16) : -1;
  if (code < 0 || code > 0x10ffff) throw cursor.malformed('an escape that is not a character');
  cursor.skip(1 + length);
  return String.fromCodePoint(code);
}

/** Blanks and line ends within quotes: they fold. */
function spaces(cursor: Cursor): string {
  const from = cursor.at;
  cursor.skipBlanks();
  const blanks = cursor.text.slice(from, cursor.at);
  const end = cursor.skipBreak();
  if (end === '') return blanks;
  const more = lineBreaks(cursor);
  if (end !== '\n') return end + more.join('');
  return more.length === 0 ? ' ' : more.join('');
}

function lineBreaks(cursor: Cursor): string[] {
  const breaks: string[] = [];
  for (;;) {
    if (cursor.atDocumentMark()) throw cursor.malformed('a document mark in a quoted scalar');
    cursor.skipBlanks();
    const end = cursor.skipBreak();
    if (end === '') return breaks;
    breaks.push(end);
  }
}

/** A literal or folded scalar; the cursor stands on `|` or `>`. @throws AssayError `malformed` */
export function blockScalar(cursor: Cursor, parentIndent: number): string {
  cursor.skip();
  const header = /^(?:[+-]?[1-9]?|[1-9][+-])(?=[^+\d-]|$)/.exec(cursor.text.slice(cursor.at, cursor.at + 4))?.[0];
  if (header === undefined) throw cursor.malformed('a block scalar with an unknown header');
  cursor.skip(header.length);
  cursor.skipBlanks();
  if (cursor.peek() === '#') cursor.skipToBreak();
  if (cursor.peek() !== '' && cursor.skipBreak() === '')
    throw cursor.malformed('text behind the header of a block scalar');
  const least = Math.max(1, parentIndent + 1);
  const given = /[1-9]/.exec(header)?.[0];
  const indent = given === undefined ? undefined : least + Number(given) - 1;
  return blockLines(cursor, least, indent).join('\n');
}

function blockLines(cursor: Cursor, least: number, given: number | undefined): string[] {
  const lines: string[] = [];
  let indent = given;
  let widest = 0;
  for (;;) {
    while (cursor.column < (indent ?? Number.MAX_SAFE_INTEGER) && cursor.peek() === ' ') cursor.skip();
    widest = Math.max(widest, cursor.column);
    if (cursor.isBreak(cursor.peek())) {
      cursor.skipBreak();
      continue;
    }
    indent ??= Math.max(least, widest);
    if (cursor.peek() === '' || cursor.column !== indent) return lines;
    const from = cursor.at;
    cursor.skipToBreak();
    lines.push(cursor.text.slice(from, cursor.at));
    cursor.skipBreak();
  }
}

/** A plain scalar; the cursor stands on its first character. */
export function plainScalar(cursor: Cursor, flow: boolean, indent: number): { text: string; crossedLine: boolean } {
  const parts: string[] = [];
  let crossedLine = false;
  let gap = '';
  for (;;) {
    if (cursor.peek() === '#') break;
    const from = cursor.at;
    while (!endsPlain(cursor, flow)) cursor.skip();
    if (cursor.at === from) break;
    parts.push(gap, cursor.text.slice(from, cursor.at));
    crossedLine = false;
    const blanks = cursor.at;
    cursor.skipBlanks();
    gap = cursor.text.slice(blanks, cursor.at);
    if (cursor.isBreak(cursor.peek())) {
      gap = plainBreaks(cursor);
      crossedLine = true;
      if (cursor.atDocumentMark()) break;
    }
    if (gap === '' || cursor.peek() === '#' || (!flow && crossedLine && cursor.column < indent)) break;
  }
  return { text: parts.join(''), crossedLine };
}

function plainBreaks(cursor: Cursor): string {
  let count = 0;
  while (cursor.skipBreak() !== '') {
    count++;
    if (cursor.atDocumentMark()) break;
    cursor.skipBlanks();
  }
  return count === 1 ? ' ' : '\n'.repeat(count - 1);
}

function endsPlain(cursor: Cursor, flow: boolean): boolean {
  const character = cursor.peek();
  if (cursor.isEnd(character)) return true;
  if (character === ':') {
    const next = cursor.peek(1);
    return cursor.isEnd(next) || (flow && ',[]{}'.includes(next));
  }
  if (!flow) return false;
  if (character === '?') return cursor.dialect === 'pyyaml' && cursor.isEnd(cursor.peek(1));
  return ',[]{}'.includes(character);
}
