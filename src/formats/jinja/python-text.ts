const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|N\{[^}]{0,100}\}|([\s\S]))/g;
const LETTERS: Readonly<Record<string, string>> = {
  '\n': '',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** What Python makes of the inside of a string literal. A character given by its name counts as an underscore: it may be one. */
export function pythonText(literal: string): string {
  if (!literal.includes('\\')) return literal;
  return literal.replace(
    ESCAPE,
    (whole: string, octal?: string, x?: string, u?: string, long?: string, letter?: string) => {
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      const hex = x ?? u ?? long;
      if (hex !== undefined) {
        const code = Number.parseInt(hex, 16);
        return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
      }
      return letter === undefined ? '_' : (LETTERS[letter] ?? whole);
    },
  );
}
