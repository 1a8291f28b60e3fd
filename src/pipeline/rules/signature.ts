import type { KeyObject } from 'node:crypto';
import { AssayError, isAssayError } from '../../core/index.ts';
import {
  isSignatureError,
  keyHint,
  readBundle,
  SignatureError,
  type SignedBundle,
  verifyEnvelope,
} from '../../integrity/envelope/index.ts';
import { RULES_PAYLOAD } from '../../scan/lists/index.ts';

export interface SignedRules {
  readonly payload: Buffer;
  readonly key: KeyObject;
}

/**
 * The content of a rule bundle with a valid signature; nothing of it is parsed before.
 * @throws SignatureError `payload-type`, `method`, `untrusted`, `signature`, and what `readBundle` throws
 * @throws AssayError `malformed`, `limit` for what is not a bundle
 */
export function openRules(bytes: Uint8Array, subject: string, keys: readonly KeyObject[]): SignedRules {
  const bundle = readRulesBundle(bytes, subject);
  const { envelope, material } = bundle;
  if (material.kind !== 'key') throw new SignatureError('method', 'the bundle is not signed with a key');
  const { hint } = material;
  const named = keys.filter((key) => hint === undefined || hint === keyHint(key));
  if (named.length === 0) {
    throw new SignatureError(
      'untrusted',
      `the bundle was signed with the key ${hint?.slice(0, 16)}, which is not trusted for rules`,
    );
  }
  for (const key of named) if (isSignedBy(bundle, key)) return { payload: envelope.payload, key };
  throw new SignatureError('signature', 'the signature is not by a key that is trusted for rules');
}

function isSignedBy({ envelope }: SignedBundle, key: KeyObject): boolean {
  try {
    verifyEnvelope(envelope, key);
    return true;
  } catch (error) {
    if (isSignatureError(error)) return false;
    throw error;
  }
}

function readRulesBundle(bytes: Uint8Array, subject: string): SignedBundle {
  try {
    return readBundle(bytes, subject, RULES_PAYLOAD);
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'malformed') throw error;
    throw new AssayError('malformed', 'is not a bundle of rules', {
      subject,
      hint: 'give a file that assay rules build wrote',
      cause: error,
    });
  }
}
