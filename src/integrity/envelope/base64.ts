/**
 * Bytes of standard base64 (RFC 4648, section 4), as it must be written: padded, no other characters, no stray bits.
 * Node's own decoder skips unknown characters, so that two texts could encode one signature.
 * @returns `undefined` for anything else
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
