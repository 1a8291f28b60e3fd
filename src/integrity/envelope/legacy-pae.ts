/**
 * The encoding that release 0.2.0 of the reference implementation signed in place of DSSE's pre-authentication encoding:
 * another prefix, and the payload as Python prints bytes. It always hashed with SHA-256.
 */
export function legacyPae(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEV1 ${payloadType.length} ${payloadType} ${payload.length} `;
  return Buffer.from(head + pythonBytes(payload), 'latin1');
}

export const LEGACY_HASH = 'sha256';

const NAMED: ReadonlyMap<number, string> = new Map([
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x5c, '\\\\'],
]);

/** `repr` of Python's `bytes`. */
function pythonBytes(bytes: Uint8Array): string {
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? 0x22 : 0x27;
  const parts: string[] = [];
  for (const byte of bytes) {
    const named = NAMED.get(byte);
    if (named !== undefined) parts.push(named);
    else if (byte === quote) parts.push(`\\${String.fromCharCode(byte)}`);
    else if (byte < 0x20 || byte >= 0x7f) parts.push(`\\x${byte.toString(16).padStart(2, '0')}`);
    else parts.push(String.fromCharCode(byte));
  }
  const mark = String.fromCharCode(quote);
  return `b${mark}${parts.join('')}${mark}`;
}
