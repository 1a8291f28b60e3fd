const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\n': '',
};

/** The text of a Python string as it is written; of bytes, one character a byte. `undefined` when it is not a whole string. */
export function pythonString(source: string): string | undefined {
  const [, prefix = '', quotes = ''] = /^([A-Za-z]{0,3})("""|'''|"|')/.exec(source) ?? [];
  if (quotes === '' || !source.endsWith(quotes) || source.length < prefix.length + 2 * quotes.length) return undefined;
  return unescapePython(source.slice(prefix.length + quotes.length, -quotes.length), prefix);
}

/** Resolves the escapes of the body of a string with a prefix. Named characters (`\N{...}`) stay as they are written. */
export function unescapePython(body: string, prefix: string): string {
  if (/r/i.test(prefix) || !body.includes('\\')) return body;
  return body.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole, x?: string, u?: string, long?: string, octal?: string, other?: string) => {
      const code = Number.parseInt(x ?? u ?? long ?? '', 16);
      if (!Number.isNaN(code)) return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      return ESCAPES[other ?? ''] ?? (/["'\\]/.test(other ?? '') ? (other ?? '') : whole);
    },
  );
}

/** The integer that a number stands for; `undefined` for fractions and for integers that lose digits. */
export function pythonInteger(source: string): number | undefined {
  const value = Number(source.replaceAll('_', ''));
  return Number.isSafeInteger(value) ? value : undefined;
}
