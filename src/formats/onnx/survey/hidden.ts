/** The first bytes, in hexadecimal digits, of what a program runs, unpacks or unpickles. */
const BINARY: readonly (readonly [RegExp, string])[] = [
  [/^800[2-5](?:95|63|7d|28|5d|4b|8c|58)/, 'a pickle'],
  [/^504b0304/, 'a zip archive'],
  [/^7f454c46/, 'an ELF program'],
  [/^4d5a(?:..){0,58}?0000/, 'a Windows program'],
  [/^1f8b08/, 'gzip data'],
];
/** The same of text. A lone letter or word of a vocabulary is none of them. */
const TEXT: readonly (readonly [RegExp, string])[] = [
  [/^\(?c(?:os|posix|nt|builtins|__builtin__|subprocess)\n/, 'a pickle'],
  [/^gA[I-X][A-Za-z0-9+/]{16}/, 'a pickle in base64'],
  [/^#!\s*\/(?:usr\/)?bin\//, 'a script'],
];

/** @returns what the text begins as, when that is not text */
export function describeHidden(bytes: Uint8Array): string | undefined {
  if (bytes.length < 4) return undefined;
  const head = Buffer.from(bytes.subarray(0, 64));
  const digits = head.toString('hex');
  const binary = BINARY.find(([pattern]) => pattern.test(digits));
  if (binary !== undefined) return binary[1];
  const text = head.toString('latin1');
  return TEXT.find(([pattern]) => pattern.test(text))?.[1];
}
