import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { AssayError } from '../core/errors.ts';
import { SignatureError } from './signature-error.ts';

/** The hash that goes with an elliptic curve; `null` where the algorithm brings its own (Ed25519). */
const CURVE_HASH: Readonly<Record<string, string>> = {
  prime256v1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
};
const KINDS = 'P-256, P-384, P-521 and Ed25519';

/**
 * A public key from PEM: `PUBLIC KEY`, or the key of a `CERTIFICATE`.
 * @param subject names the file, for messages
 * @throws AssayError `usage` for what is no public key of a supported kind; a private key is refused.
 */
export function readPublicKey(pem: string, subject: string): KeyObject {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw new AssayError('usage', 'is a private key', { subject, mend: 'give its public half' });
  }
  return supported(
    parsed(() => createPublicKey(pem), 'public', subject),
    subject,
  );
}

/**
 * A private key from PEM (PKCS#8, SEC1), encrypted or not.
 * @throws AssayError `usage` for what is no private key of a supported kind, and for a missing or wrong passphrase.
 */
export function readPrivateKey(pem: string, subject: string, passphrase?: string): KeyObject {
  const encrypted = /ENCRYPTED/.test(pem);
  if (encrypted && passphrase === undefined) {
    throw new AssayError('usage', 'the private key is encrypted', { subject, mend: 'give its passphrase' });
  }
  const key = { key: pem, ...(encrypted ? { passphrase } : {}) };
  return parsed(() => createPrivateKey(key), encrypted ? 'encrypted private' : 'private', subject);
}

function parsed(read: () => KeyObject, kind: string, subject: string): KeyObject {
  try {
    return read();
  } catch (cause) {
    const mend = kind.startsWith('encrypted') ? 'check the file and the passphrase' : `give a PEM file: ${KINDS}`;
    throw new AssayError('usage', `is no ${kind} key that can be read`, { subject, mend, cause });
  }
}

function supported(key: KeyObject, subject: string): KeyObject {
  if (isSupported(key)) return key;
  throw new AssayError('usage', `is a key of an unsupported kind (${kindOf(key)})`, { subject, mend: `use ${KINDS}` });
}

/** Whether a bare key of this kind may sign models: the three NIST curves and Ed25519. */
export function isSupported(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'ed25519' || curveHash(key) !== undefined;
}

/** "P-256" and the like, for messages. */
export function kindOf(key: KeyObject): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const curves: Record<string, string> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
  if (type === 'ec') return curves[details?.namedCurve ?? ''] ?? `EC ${details?.namedCurve ?? ''}`;
  if (type === 'rsa' || type === 'rsa-pss') return `RSA ${details?.modulusLength ?? ''}`.trim();
  return type === 'ed25519' ? 'Ed25519' : (type ?? 'unknown');
}

function curveHash(key: KeyObject): string | undefined {
  return key.asymmetricKeyType === 'ec' ? CURVE_HASH[key.asymmetricKeyDetails?.namedCurve ?? ''] : undefined;
}

/** SHA-256, hex, of the PEM text of the public key: how OMS bundles hint at their key. */
export function keyHint(key: KeyObject): string {
  const pem = key.export({ type: 'spki', format: 'pem' });
  return createHash('sha256').update(pem).digest('hex');
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
  if (key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return 'sha256';
  const hash = curveHash(key);
  if (hash === undefined) throw new SignatureError('key', `a ${kindOf(key)} key cannot sign models`);
  return hash;
}
