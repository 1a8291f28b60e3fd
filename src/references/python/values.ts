/** The possible values of an expression, by the text alone. */
export type StaticValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'truth'; readonly truth: boolean }
  /** `None`, or nothing given. */
  | { readonly kind: 'none' }
  /** A thing that was loaded already, or another that is not a name. */
  | { readonly kind: 'object' }
  | { readonly kind: 'table'; readonly entries: ReadonlyMap<string, readonly StaticValue[]>; readonly whole: boolean }
  | { readonly kind: 'list'; readonly items: readonly (readonly StaticValue[])[] }
  | { readonly kind: 'unknown'; readonly why: string };

/** CWE-770: values that one expression may have; more are one that is not known. */
export const MAX_VALUES = 32;
/** Characters of a text that is followed. */
const MAX_TEXT = 4_096;

export function textValue(value: string): StaticValue {
  return value.length > MAX_TEXT ? unknown('is longer than any name') : { kind: 'text', text: value };
}

export function unknown(why: string): StaticValue {
  return { kind: 'unknown', why };
}

export function boundedValues(values: readonly StaticValue[]): readonly StaticValue[] {
  return values.length > MAX_VALUES ? [unknown('has too many values')] : values;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** The text between the quotes of a Python literal. @param raw with an `r` before its quotes */
export function unescaped(body: string, raw: boolean): string {
  if (raw || !body.includes('\\')) return body;
  return body.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole, x?: string, u?: string, U?: string, octal?: string, other?: string) => {
      const code = x ?? u ?? U;
      if (code !== undefined) return codePoint(Number.parseInt(code, 16)) ?? whole;
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      return ESCAPES[other ?? ''] ?? whole;
    },
  );
}

function codePoint(code: number): string | undefined {
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

/** Prefix and quotes of a literal. */
export function literalParts(source: string): { readonly prefix: string; readonly body: string } | undefined {
  const [, prefix = '', quotes = ''] = /^([A-Za-z]{0,2})("""|'''|"|')/.exec(source) ?? [];
  if (quotes === '' || !source.endsWith(quotes) || source.length < prefix.length + 2 * quotes.length) return undefined;
  return { prefix: prefix.toLowerCase(), body: source.slice(prefix.length + quotes.length, -quotes.length) };
}
