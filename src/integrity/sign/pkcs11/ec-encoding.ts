import { createPublicKey, type KeyObject } from 'node:crypto';

const EC_PUBLIC_KEY = Buffer.from('06072a8648ce3d0201', 'hex');
const [SEQUENCE, INTEGER, BIT_STRING] = [0x30, 0x02, 0x03];
/** Of P-256, P-384 and P-521, uncompressed. */
const POINT_LENGTHS: ReadonlySet<number> = new Set([65, 97, 133]);

/**
 * A public key of an elliptic curve, from its attributes in a token.
 * @param params `CKA_EC_PARAMS`: DER of the curve
 * @param point `CKA_EC_POINT`: the point, as an OCTET STRING or, from some tokens, as it is
 * @throws Error when it is none
 */
export function ecPublicKey(params: Buffer, point: Buffer): KeyObject {
  const algorithm = der(SEQUENCE, Buffer.concat([EC_PUBLIC_KEY, params]));
  const key = der(
    SEQUENCE,
    Buffer.concat([algorithm, der(BIT_STRING, Buffer.concat([Buffer.of(0), unwrapped(point)]))]),
  );
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

/** An ECDSA signature as X.509 has it, from the two numbers side by side that a token returns. */
export function derSignature(raw: Buffer): Buffer {
  const half = raw.length / 2;
  return der(SEQUENCE, Buffer.concat([integer(raw.subarray(0, half)), integer(raw.subarray(half))]));
}

/** Tokens disagree on whether the point stands in an OCTET STRING; its length tells. */
function unwrapped(point: Buffer): Buffer {
  return POINT_LENGTHS.has(point.length) ? point : point.subarray(point.length < 0x82 ? 2 : 3);
}

function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.of(0) : bytes.subarray(first);
  return der(INTEGER, (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

/** Up to 255 bytes of content. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  return Buffer.concat([length < 0x80 ? Buffer.of(tag, length) : Buffer.of(tag, 0x81, length), content]);
}
