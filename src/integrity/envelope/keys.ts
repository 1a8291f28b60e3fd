import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { AssayError } from '../../core/index.ts';
import { SignatureError } from './signature-error.ts';

/** The hash for an elliptic curve; `null` where the algorithm has its own (Ed25519). */
const CURVE_HASH: Readonly<Record<string, string>> = {
  prime256v1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
};
const KINDS = 'P-256, P-384, P-521 and Ed25519';

/**
 * A public key from PEM: `PUBLIC KEY`, or the key of a `CERTIFICATE`.
 * @param subject names the file, for messages
 * @throws AssayError `usage` for what is not a public key of a supported kind; a private key is refused.
 */
export function readPublicKey(pem: string, subject: string): KeyObject {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw new AssayError('usage', 'is a private key', { subject, hint: 'give the public key' });
  }
  return supported(
    parsed(() => createPublicKey(pem), 'public', subject),
    subject,
  );
}

/**
 * A private key from PEM (PKCS#8, SEC1), encrypted or not.
 * @throws AssayError `usage` for what is not a private key of a supported kind, and for a missing or wrong passphrase.
 */
export function readPrivateKey(pem: string, subject: string, passphrase?: string): KeyObject {
  const encrypted = /ENCRYPTED/.test(pem);
  if (encrypted && passphrase === undefined) {
    throw new AssayError('usage', 'the private key is encrypted', { subject, hint: 'give its passphrase' });
  }
  const key = { key: pem, ...(encrypted ? { passphrase } : {}) };
  return parsed(() => createPrivateKey(key), encrypted ? 'encrypted private' : 'private', subject);
}

function parsed(read: () => KeyObject, kind: string, subject: string): KeyObject {
  try {
    return read();
  } catch (cause) {
    const hint = kind.startsWith('encrypted') ? 'check the file and the passphrase' : `give a PEM file: ${KINDS}`;
    throw new AssayError('usage', `is not ${kind.startsWith('e') ? 'an' : 'a'} ${kind} key that can be read`, {
      subject,
      hint,
      cause,
    });
  }
}

function supported(key: KeyObject, subject: string): KeyObject {
  if (isSupported(key)) return key;
  throw new AssayError('usage', `is a key of an unsupported kind (${kindOf(key)})`, { subject, hint: `use ${KINDS}` });
}

/** Whether a bare key of this kind may sign models: the three NIST curves and Ed25519. */
export function isSupported(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'ed25519' ? !isSmall(key) : curveHash(key) !== undefined;
}

/** Whether an RSA key is long enough and its exponent is not 1: with the exponent 1, each text is its own signature. */
export function isStrongRsa({ asymmetricKeyDetails: details }: KeyObject): boolean {
  return (details?.modulusLength ?? 0) >= 2048 && (details?.publicExponent ?? 0n) >= 3n;
}

/** The y of each point of small order of Ed25519, little-endian, in every spelling (RFC 8032; Chalkias et al., 2020). */
const SMALL: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** A point of small order is not a key: one signature holds for many texts, or for all. */
function isSmall(key: KeyObject): boolean {
  if (key.type !== 'public') return false;
  const point = Buffer.from(spkiOf(key).subarray(-32));
  point.writeUInt8(point.readUInt8(31) & 0x7f, 31);
  return SMALL.has(point.toString('hex'));
}

/** "P-256" and the like, for messages. */
export function kindOf(key: KeyObject): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const curves: Record<string, string> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
  if (type === 'ec') return curves[details?.namedCurve ?? ''] ?? `EC ${details?.namedCurve ?? ''}`;
  if (type === 'rsa' || type === 'rsa-pss') {
    const exponent = (details?.publicExponent ?? 3n) < 3n ? ` with the exponent ${details?.publicExponent}` : '';
    return `RSA ${details?.modulusLength ?? ''}`.trim() + exponent;
  }
  return type === 'ed25519' ? `Ed25519${isSmall(key) ? ' of small order' : ''}` : (type ?? 'unknown');
}

/** "a P-256 key", "an RSA 2048 key", for messages. */
export function keyText(key: KeyObject): string {
  const kind = kindOf(key);
  return `${/^(?:RSA|EC |Ed|ed|x)/.test(kind) ? 'an' : 'a'} ${kind} key`;
}

function curveHash(key: KeyObject): string | undefined {
  return key.asymmetricKeyType === 'ec' ? CURVE_HASH[key.asymmetricKeyDetails?.namedCurve ?? ''] : undefined;
}

/** Keys do not change, and writing one as PEM takes as long as verifying with it. */
const hints = new WeakMap<KeyObject, string>();

/** SHA-256, hex, of the PEM text of the public key: how OMS bundles hint at their key. */
export function keyHint(key: KeyObject): string {
  const known = hints.get(key);
  if (known !== undefined) return known;
  const pem = key.export({ type: 'spki', format: 'pem' });
  const hint = createHash('sha256').update(pem).digest('hex');
  hints.set(key, hint);
  return hint;
}

/** DER of the public key, as `SubjectPublicKeyInfo`. */
export function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

/**
 * Whether `signature` is `key`'s over `data`: ECDSA with the curve's own hash and a DER signature, Ed25519, RSA PKCS#1 v1.5
 * with SHA-256.
 * @param hash another hash for ECDSA and RSA, as old signatures need it
 * @throws SignatureError `key` for an unsupported kind
 */
export function verifyBytes(key: KeyObject, data: Uint8Array, signature: Uint8Array, hash?: string): boolean {
  return verify(hash !== undefined && key.asymmetricKeyType !== 'ed25519' ? hash : hashOf(key), data, key, signature);
}

/** @throws SignatureError `key` for an unsupported kind */
export function signBytes(key: KeyObject, data: Uint8Array): Buffer {
  return sign(hashOf(key), data, key);
}

function hashOf(key: KeyObject): string | null {
  if (key.asymmetricKeyType === 'ed25519') return null;
  if (key.asymmetricKeyType === 'rsa' && isStrongRsa(key)) return 'sha256';
  const hash = curveHash(key);
  if (hash === undefined) throw new SignatureError('key', `${keyText(key)} cannot sign models`);
  return hash;
}
