const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]));

/**
 * The bytes that a text of ZeroMQ's Base-85 stands for: five characters for four bytes, a sixteenth less text than Base64.
 * @param text as `scripts/bundle-action.mjs` writes it: how many bytes, a space, and the characters
 * @see https://rfc.zeromq.org/spec/32/
 */
export function decodeBase85(text: string): Uint8Array {
  const space = text.indexOf(' ');
  const length = Number(text.slice(0, space));
  const bytes = Buffer.alloc(Math.ceil(length / 4) * 4);
  for (let at = space + 1, to = 0; at < text.length; at += 5, to += 4) {
    let value = 0;
    for (const character of text.slice(at, at + 5)) value = value * 85 + (VALUES.get(character) ?? 0);
    bytes.writeUInt32BE(value, to);
  }
  return bytes.subarray(0, length);
}
