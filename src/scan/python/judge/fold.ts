import { inflateSync, unzipSync } from 'node:zlib';
import {
  either,
  knownText,
  listValue,
  MARKS,
  MAX_KNOWN_ITEMS,
  MAX_KNOWN_TEXT,
  marked,
  numberValue,
  type PythonValue,
  UNKNOWN_VALUE,
} from './values.ts';

/** What a decoder makes of a known text; `undefined` when it is not one that is computed here, or refuses the text. */
export function decodedText(name: string, text: string): string | undefined {
  const bytes = Buffer.from(text, 'latin1');
  if (
    /^base64\.(?:b64decode|standard_b64decode|urlsafe_b64decode|decodebytes|decodestring)$|^binascii\.a2b_base64$/.test(
      name,
    )
  )
    return Buffer.from(text, 'base64').toString('latin1');
  if (/fromhex$|unhexlify$|a2b_hex$|^base64\.b16decode$/.test(name))
    return Buffer.from(text.replace(/\s/g, ''), 'hex').toString('latin1');
  if (/^zlib\.decompress$|^gzip\.decompress$/.test(name)) return inflated(name, bytes);
  return undefined;
}

/** CWE-409: a literal that expands to more than a program has is left as it is. */
function inflated(name: string, bytes: Buffer): string | undefined {
  try {
    const options = { maxOutputLength: MAX_KNOWN_TEXT };
    return (name.startsWith('zlib') ? inflateSync(bytes, options) : unzipSync(bytes, options)).toString('latin1');
  } catch {
    // The program would fail here, or make more text than is followed: the mark of a decoder stays.
    return undefined;
  }
}

export function rot13(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) => {
    const base = letter <= 'Z' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
  });
}

/** The items that going over a value gives, where they are known. */
export function knownItems(value: PythonValue): readonly PythonValue[] | undefined {
  if (value.items !== undefined) return value.items;
  if (value.text === undefined || value.text.length > MAX_KNOWN_ITEMS) return undefined;
  return [...value.text].map((letter) => ({ ...knownText(letter, value.marks), number: letter.codePointAt(0) }));
}

/** The text of numbers, as `bytes([104, 105])` makes it. */
export function textOfCodes(value: PythonValue): string | undefined {
  const items = value.items;
  if (items === undefined || items.length === 0) return undefined;
  const codes = items.map(({ number }) => number);
  return codes.every((code) => code !== undefined && code >= 0 && code < 256)
    ? String.fromCharCode(...codes.map((code) => code ?? 0))
    : undefined;
}

/** Methods of texts and of lists that only rearrange them; `undefined` for others. */
export function rearranged(method: string, on: PythonValue, args: readonly PythonValue[]): PythonValue | undefined {
  const marks = args.reduce((sum, one) => sum | one.marks, on.marks);
  const { text } = on;
  const [first, second] = args;
  switch (method) {
    case 'join': {
      const items = first === undefined ? undefined : knownItems(first);
      const parts = items?.map((item) => item.text);
      if (text === undefined || parts === undefined || parts.some((part) => part === undefined))
        return { ...UNKNOWN_VALUE, marks };
      return knownText(
        parts.join(text),
        items?.reduce((sum, item) => sum | item.marks, marks),
      );
    }
    case 'replace':
      if (text === undefined || first?.text === undefined || second?.text === undefined)
        return { ...UNKNOWN_VALUE, marks };
      return knownText(
        text
          .split(first.text)
          .join(second.text)
          .slice(0, MAX_KNOWN_TEXT + 1),
        marks,
      );
    case 'format':
      if (text === undefined || args.some((one) => one.text === undefined)) return { ...UNKNOWN_VALUE, marks };
      return knownText(positionally(text, args), marks);
    case 'split': {
      if (text === undefined) return { ...UNKNOWN_VALUE, marks };
      const parts = first?.text === undefined || first.text === '' ? text.split(/\s+/) : text.split(first.text);
      return listValue(
        parts.slice(0, MAX_KNOWN_ITEMS + 1).map((part) => knownText(part, marks)),
        marks,
      );
    }
    case 'strip':
    case 'lstrip':
    case 'rstrip':
      return text === undefined || first !== undefined ? { ...UNKNOWN_VALUE, marks } : knownText(text.trim(), marks);
    case 'lower':
      return text === undefined ? { ...UNKNOWN_VALUE, marks } : knownText(text.toLowerCase(), marks);
    case 'upper':
      return text === undefined ? { ...UNKNOWN_VALUE, marks } : knownText(text.toUpperCase(), marks);
    case 'translate':
      return { ...UNKNOWN_VALUE, marks: marks | (on.marks & MARKS.literal ? MARKS.decoded : 0) };
    default:
      return undefined;
  }
}

function positionally(text: string, args: readonly PythonValue[]): string {
  let next = 0;
  return text.replace(/\{(\d*)\}/g, (_, at: string) => args[at === '' ? next++ : Number(at)]?.text ?? '');
}

/** Arithmetic on what is known. */
export function operated(operator: string, a: PythonValue, b: PythonValue): PythonValue {
  const marks = a.marks | b.marks;
  const unknown = { ...UNKNOWN_VALUE, marks, instances: either(a, b).instances };
  if (operator === '+') {
    if (a.text !== undefined && b.text !== undefined) return knownText(a.text + b.text, marks);
    if (a.items !== undefined && b.items !== undefined) return listValue([...a.items, ...b.items], marks);
  }
  if (operator === '%' && a.text !== undefined) return percent(a.text, b, marks);
  if (operator === '*') {
    const [text, count] = a.text === undefined ? [b.text, a.number] : [a.text, b.number];
    if (text !== undefined && count !== undefined && count >= 0 && text.length * count <= MAX_KNOWN_TEXT)
      return knownText(text.repeat(count), marks);
  }
  if (a.number === undefined || b.number === undefined) return operator === '^' ? exclusive(unknown) : unknown;
  const value = arithmetic(operator, a.number, b.number);
  if (value === undefined) return unknown;
  return operator === '^' ? exclusive(numberValue(value, marks)) : numberValue(value, marks);
}

/** Bytes that are operated by exclusive or are those of a cipher, until something else is known. */
function exclusive(value: PythonValue): PythonValue {
  return marked(value, value.marks & (MARKS.literal | MARKS.file | MARKS.downloaded) ? MARKS.decoded : 0);
}

function percent(text: string, b: PythonValue, marks: number): PythonValue {
  const args = b.items ?? [b];
  if (args.some((one) => one.text === undefined && one.number === undefined)) return { ...UNKNOWN_VALUE, marks };
  let next = 0;
  const filled = text.replace(/%([sdrc%])/g, (_, kind: string) => {
    if (kind === '%') return '%';
    const one = args[next++];
    if (kind === 'c' && one?.number !== undefined && one.number < 0x110000)
      return String.fromCodePoint(Math.max(0, one.number));
    return one?.text ?? String(one?.number ?? '');
  });
  return knownText(filled, /%c/.test(text) ? marks | MARKS.decoded : marks);
}

function arithmetic(operator: string, a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '//':
      return b === 0 ? undefined : Math.floor(a / b);
    case '%':
      return b === 0 ? undefined : ((a % b) + b) % b;
    case '^':
      return Number(BigInt(a) ^ BigInt(b));
    case '&':
      return Number(BigInt(a) & BigInt(b));
    case '|':
      return Number(BigInt(a) | BigInt(b));
    case '<<':
      return b < 0 || b > 40 ? undefined : a * 2 ** b;
    case '>>':
      return b < 0 || b > 60 ? undefined : Math.floor(a / 2 ** b);
    default:
      return undefined;
  }
}

/** `value[from:to:step]` of what is known. */
export function sliced(value: PythonValue, bounds: readonly (number | undefined | 'open')[]): PythonValue {
  const unknown = { ...UNKNOWN_VALUE, marks: value.marks };
  const whole = value.text === undefined ? value.items : [...value.text];
  const [from, to, step = 'open'] = bounds;
  if (whole === undefined || from === undefined || to === undefined || bounds.includes(undefined))
    return backwards(unknown, step);
  const by = step === 'open' ? 1 : (step ?? 1);
  if (by === 0) return unknown;
  const size = whole.length;
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + size : at, by < 0 ? -1 : 0), by < 0 ? size - 1 : size);
  const start = from === 'open' ? (by < 0 ? size - 1 : 0) : clamp(from);
  const end = to === 'open' ? (by < 0 ? -1 : size) : clamp(to);
  const picked: (string | PythonValue)[] = [];
  for (let at = start; by < 0 ? at > end : at < end; at += by) {
    const one = whole[at];
    if (one !== undefined) picked.push(one);
  }
  const result =
    value.text === undefined
      ? listValue(
          picked.filter((one) => typeof one !== 'string'),
          value.marks,
        )
      : knownText(picked.join(''), value.marks);
  return backwards(result, step);
}

/** A text that is turned around is hidden from whoever reads the program. */
function backwards(value: PythonValue, step: number | undefined | 'open'): PythonValue {
  const hides = step !== undefined && step !== 'open' && step !== 1 && (value.marks & MARKS.literal) !== 0;
  return hides ? marked(value, MARKS.decoded) : value;
}
