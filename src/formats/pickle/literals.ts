import { latin1 } from './text.ts';

/** Which of the two unpicklers of CPython takes an operand of text. */
export interface Takers {
  readonly c: boolean;
  readonly python: boolean;
}

/** What `int(data, 0)` takes; blanks are those of ASCII. */
const PYTHON_INT =
  /^[\t-\r ]*[+-]?(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?0)*|[1-9](?:_?\d)*)[\t-\r ]*$/;
/** What `strtol` in base 0 takes whole. */
const STRTOL = /^[\t-\r ]*[+-]?(?:0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)$/;
const PYTHON_DECIMAL = /^[\t-\r ]*([+-]?)(\d(?:_?\d)*)[\t-\r ]*$/;
const PYTHON_FLOAT =
  /^[\t-\r ]*[+-]?(?:(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?|inf|infinity|nan)[\t-\r ]*$/i;
const C_FLOAT = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|inf|infinity|nan)$/i;
const NOT_FINITE = /^[+-]?(?:inf|nan)/i;
const HEX = /[\da-fA-F]/;
const SHORT_ESCAPE = /^[\da-fA-F]{4}$/;
const LONG_ESCAPE = /^[\da-fA-F]{8}$/;
/** Longer operands are treated as numbers: the regular expression does not run over more. */
const MAX_NUMBER = 65_536;
const BOTH: Takers = { c: true, python: true };
const MAX_INDEX_DIGITS = 4300;

/** The part that C reads: up to a NUL. */
function beforeNul(text: string): string {
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}

/** INT. C takes what `strtol` reads up to a NUL, be it nothing. `_pickle.c` load_int 5137; `pickle.py` 1306. */
export function takersOfInt(text: string): Takers {
  if (text.length > MAX_NUMBER) return BOTH;
  const seen = beforeNul(text);
  return {
    c: text !== '' && (seen === '' || PYTHON_INT.test(seen) || STRTOL.test(seen)),
    python: text === '00' || text === '01' || PYTHON_INT.test(text),
  };
}

/** LONG: one `L` at the end does not count. `_pickle.c` load_long 5292; `pickle.py` 1329. */
export function takersOfLong(text: string): Takers {
  if (text.length > MAX_NUMBER) return BOTH;
  const digits = text.endsWith('L') ? text.slice(0, -1) : text;
  return { c: text !== '' && PYTHON_INT.test(beforeNul(digits)), python: PYTHON_INT.test(digits) };
}

/** FLOAT: C raises OverflowError where Python makes infinity. `_pickle.c` load_float 5356; `pickle.py` 1351. */
export function takersOfFloat(text: string): Takers {
  if (text.length > MAX_NUMBER) return BOTH;
  const seen = beforeNul(text);
  const inC = C_FLOAT.test(seen) && (NOT_FINITE.test(seen) || Number.isFinite(Number(seen)));
  return { c: inC, python: PYTHON_FLOAT.test(text) };
}

export interface MemoIndex {
  readonly index: number | bigint;
  readonly takers: Takers;
}

/**
 * The index of GET and PUT, in base 10; `undefined` where neither takes it. `_pickle.c` load_get 6130; `pickle.py` 1644.
 * Old versions take more digits than are read here.
 */
export function memoIndex(text: string): MemoIndex | 'too-long' | undefined {
  if (text.length > MAX_INDEX_DIGITS) return 'too-long';
  const seen = beforeNul(text);
  const [, sign, written = ''] = PYTHON_DECIMAL.exec(seen) ?? [];
  if (sign === undefined) return undefined;
  const digits = written.replaceAll('_', '');
  const number = Number(digits);
  if (sign === '-' && number !== 0) return undefined;
  return {
    index: Number.isSafeInteger(number) ? number : BigInt(digits),
    takers: { c: true, python: seen === text },
  };
}

/** Whether STRING has its quotes and whole `\x` escapes. `_pickle.c` load_string 5406; `pickle.py` 1368. */
export function isQuoted(content: Uint8Array): boolean {
  const first = content[0];
  if (content.length < 2 || (first !== 0x22 && first !== 0x27) || content.at(-1) !== first) return false;
  const last = content.length - 1;
  for (let at = 1; at < last; at++) {
    if (content[at] !== 0x5c) continue;
    const letter = content[++at];
    if (at >= last || (letter === 0x78 && !(isHex(content[at + 1]) && isHex(content[at + 2])))) return false;
  }
  return true;
}

function isHex(byte: number | undefined): boolean {
  return byte !== undefined && HEX.test(String.fromCharCode(byte));
}

/** Whether UNICODE is sound `raw-unicode-escape`. `_pickle.c` load_unicode 5600; `pickle.py` 1395. */
export function isRawUnicode(content: Uint8Array): boolean {
  for (let at = content.indexOf(0x5c); at >= 0; at = content.indexOf(0x5c, at)) {
    const from = at;
    while (content[at] === 0x5c) at++;
    const long = content[at] === 0x55;
    if ((at - from) % 2 === 0 || (content[at] !== 0x75 && !long)) continue;
    const digits = latin1(content.subarray(at + 1, at + (long ? 9 : 5)));
    if (!(long ? LONG_ESCAPE : SHORT_ESCAPE).test(digits) || Number.parseInt(digits, 16) > 0x10ffff) return false;
  }
  return true;
}

/** ASCII alone, which INST and PERSID ask for. */
export function isAscii(content: Uint8Array): boolean {
  return content.every((byte) => byte < 0x80);
}

const strict = new TextDecoder('utf-8', { fatal: true });

/** UTF-8 without lone surrogates, which GLOBAL asks for. */
export function isStrictUtf8(content: Uint8Array): boolean {
  try {
    // A shared buffer cannot be decoded in place.
    strict.decode(Uint8Array.from(content));
    return true;
  } catch {
    return false;
  }
}
