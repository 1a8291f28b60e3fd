import { createPublicKey, type KeyObject } from 'node:crypto';
import { AssayError } from '../../core/errors.ts';
import { pae } from '../dsse.ts';
import { isSupported, keyHint, kindOf, signBytes } from '../keys.ts';
import { bundleJson, envelopeJson, type MaterialJson } from './bundle-json.ts';
import type { PayloadSigner } from './payload-signer.ts';

/**
 * Signs with a private key alone: P-256, P-384, P-521 with the curve's own hash, or Ed25519 (which the reference
 * implementation of OMS cannot verify). Bundles hint at the public key.
 * @param subject names the key, for messages
 * @throws AssayError `usage` for a key of another kind.
 */
export function keySigner(privateKey: KeyObject, subject?: string): PayloadSigner {
  const publicKey = checkedPublicKey(privateKey, subject);
  return signerOf(privateKey, { publicKey: { hint: keyHint(publicKey) } });
}

/** The public half of a key that may sign. */
export function checkedPublicKey(privateKey: KeyObject, subject?: string): KeyObject {
  const publicKey = createPublicKey(privateKey);
  if (isSupported(publicKey)) return publicKey;
  throw new AssayError('usage', `a ${kindOf(publicKey)} key cannot sign models`, {
    ...(subject === undefined ? {} : { subject }),
    mend: 'use P-256, P-384, P-521 or Ed25519',
  });
}

/** Signs with a private key whose public half `material` tells. */
export function signerOf(privateKey: KeyObject, material: MaterialJson): PayloadSigner {
  return {
    async sign(payloadType, payload) {
      const signature = signBytes(privateKey, pae(payloadType, payload));
      return bundleJson(material, envelopeJson(payloadType, payload, signature));
    },
  };
}
