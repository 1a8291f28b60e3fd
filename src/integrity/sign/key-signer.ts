import type { KeyObject } from 'node:crypto';
import { AssayError } from '../../core/index.ts';
import { isSupported, keyHint, keyText, pae } from '../envelope/index.ts';
import { bundleJson, envelopeJson, type MaterialJson } from './bundle-json.ts';
import type { PayloadSigner } from './payload-signer.ts';
import { type SigningKey, toSigningKey } from './signing-key.ts';

/**
 * Signs with a private key alone: P-256, P-384, P-521 with the curve's own hash, or Ed25519 (which the reference
 * implementation of OMS cannot verify). Bundles hint at the public key.
 * @param subject names the key, for messages
 * @throws AssayError `usage` for a key of another kind.
 */
export function keySigner(privateKey: KeyObject | SigningKey, subject?: string): PayloadSigner {
  const key = toSigningKey(privateKey);
  const { publicKey } = key;
  if (isSupported(publicKey)) return signerOf(key, { publicKey: { hint: keyHint(publicKey) } });
  throw new AssayError('usage', `${keyText(publicKey)} cannot sign models`, {
    ...(subject === undefined ? {} : { subject }),
    hint: 'use P-256, P-384, P-521 or Ed25519',
  });
}

/** Signs with a private key whose public key is in `material`. */
export function signerOf(key: SigningKey, material: MaterialJson): PayloadSigner {
  return {
    async sign(payloadType, payload) {
      const signature = key.sign(pae(payloadType, payload));
      return bundleJson(material, envelopeJson(payloadType, payload, signature));
    },
  };
}
