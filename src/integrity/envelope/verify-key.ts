import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Signer } from '../../core/assessment/index.ts';
import type { Trust } from '../trust/index.ts';
import type { SignedBundle } from './bundle.ts';
import { type Envelope, pae } from './dsse.ts';
import { isSupported, keyHint, keyText, kindOf, verifyBytes } from './keys.ts';
import { LEGACY_HASH, legacyPae } from './legacy-pae.ts';
import { quoted } from './quoted.ts';
import { SignatureError } from './signature-error.ts';

/** `legacy`: the payload is of release 0.2, so that what this release signed is accepted too. */
export interface LegacyOption {
  readonly legacy: boolean;
}

/**
 * Verifies a bundle that was signed with a bare key.
 * @throws SignatureError `key`, `signature`
 */
export function verifyKey(
  bundle: SignedBundle,
  trust: Extract<Trust, { kind: 'key' }>,
  { legacy }: LegacyOption,
): Signer {
  const { key } = trust;
  if (!isSupported(key)) throw new SignatureError('key', `${keyText(key)} cannot sign models`);
  const hint = keyHint(key);
  checkNamedKey(bundle, key, hint);
  verifyModelEnvelope(bundle.envelope, key, { legacy });
  return { kind: 'key', keyHint: hint, keyType: kindOf(key) };
}

/**
 * The bundle says which key it was signed with: by its hint, or, in old releases, by the key. A bundle need not name its key.
 */
function checkNamedKey({ material }: SignedBundle, key: KeyObject, hint: string): void {
  if (material.kind !== 'key') throw new SignatureError('method', 'the model was not signed with a key');
  if (material.hint !== undefined && material.hint !== hint) {
    throw new SignatureError(
      'key',
      `the model was signed with another key: the signature names ${short(material.hint)}, the given key is ${short(hint)}`,
    );
  }
  if (material.pem !== undefined && !publicKeyOf(material.pem).equals(key)) {
    throw new SignatureError('key', `the model was not signed with the given key (${short(hint)})`);
  }
}

function publicKeyOf(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new SignatureError('bundle', 'the public key that the bundle holds cannot be read', { cause });
  }
}

/**
 * Verifies the signature of an envelope over a model, as the standard has it, or as release 0.2 made it.
 * @throws SignatureError `signature`, `key`
 */
export function verifyModelEnvelope(envelope: Envelope, key: KeyObject, { legacy }: LegacyOption): void {
  const { payloadType, payload, signature } = envelope;
  if (verifyBytes(key, pae(payloadType, payload), signature)) return;
  if (legacy && verifyBytes(key, legacyPae(payloadType, payload), signature, LEGACY_HASH)) return;
  throw new SignatureError(
    'signature',
    'the signature is not valid: the bytes were changed, or signed with another key',
  );
}

function short(hint: string): string {
  return /^[0-9a-f]{64}$/.test(hint) ? `${hint.slice(0, 16)}...` : quoted(hint);
}
