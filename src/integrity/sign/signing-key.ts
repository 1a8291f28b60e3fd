import { createPublicKey, KeyObject } from 'node:crypto';
import { signBytes } from '../envelope/index.ts';

/** A private key that may be outside of the program, such as in a token that does not export it. */
export interface SigningKey {
  readonly publicKey: KeyObject;
  /** ECDSA with the hash of the curve, DER; Ed25519; RSA with SHA-256: as verifiers of models expect it. */
  sign(data: Uint8Array): Buffer;
}

/** A private key in memory, or one that is elsewhere. */
export function toSigningKey(key: KeyObject | SigningKey): SigningKey {
  if (!(key instanceof KeyObject)) return key;
  return { publicKey: createPublicKey(key), sign: (data) => signBytes(key, data) };
}
