import { createPublicKey } from 'node:crypto';
import type { Signer } from '../../core/assessment/index.ts';
import {
  isSignatureError,
  keyHint,
  kindOf,
  SignatureError,
  type SignedBundle,
  verifyEnvelope,
} from '../envelope/index.ts';
import type { Trust } from '../trust/index.ts';
import type { TrustFile, TrustRule } from '../trust-file/index.ts';

/** A rule whose signer made the signature, and the identity that the signature proves. */
export interface Proven {
  readonly rule: TrustRule;
  readonly signer: Signer;
}

const WAYS: Readonly<Record<Trust['kind'], string>> = {
  key: 'with a key',
  certificate: 'with a certificate',
  keyless: 'keyless, through Sigstore',
};

/**
 * The rules of a trust file whose signer made this signature: at least one. The signed content is not read. @throws
 * SignatureError `untrusted` when no signer of the trust file signed; the reason itself when only one signer could have signed.
 */
export async function proveSigner(bundle: SignedBundle, trust: TrustFile, now: Date): Promise<[Proven, ...Proven[]]> {
  const { kind } = bundle.material;
  const candidates = trust.rules.filter((rule) => rule.trust.kind === kind && isNamed(bundle, rule.trust));
  if (candidates.length === 0) throw unlisted(bundle, trust);
  const proven: Proven[] = [];
  const refusals: { rule: TrustRule; error: SignatureError }[] = [];
  for (const rule of candidates) {
    try {
      proven.push({ rule, signer: await verifySigner(bundle, rule.trust, now) });
    } catch (error) {
      if (!isSignatureError(error)) throw error;
      refusals.push({ rule, error });
    }
  }
  const [first, ...others] = proven;
  if (first === undefined) throw refused(refusals);
  return [first, ...others];
}

/** Whether a bundle that names its key names this one. The name is only used for the look-up: the signature is the proof. */
function isNamed({ material }: SignedBundle, trust: Trust): boolean {
  if (material.kind !== 'key' || trust.kind !== 'key') return true;
  if (material.hint !== undefined && material.hint !== keyHint(trust.key)) return false;
  return material.pem === undefined || hintOfPem(material.pem) === keyHint(trust.key);
}

function hintOfPem(pem: string): string {
  try {
    return keyHint(createPublicKey(pem));
  } catch (cause) {
    throw new SignatureError('bundle', 'the public key that the bundle holds cannot be read', { cause });
  }
}

function unlisted({ material }: SignedBundle, trust: TrustFile): SignatureError {
  const signed = WAYS[material.kind];
  const listed = trust.rules.some((rule) => rule.trust.kind === material.kind);
  const named = material.kind === 'key' && material.hint !== undefined ? ` (${material.hint.slice(0, 16)})` : '';
  return new SignatureError(
    'untrusted',
    listed
      ? `it was signed ${signed}${named} that the trust file does not list`
      : `it was signed ${signed}, but the trust file has no such signer`,
  );
}

async function verifySigner(bundle: SignedBundle, trust: Trust, now: Date): Promise<Signer> {
  switch (trust.kind) {
    case 'key':
      verifyEnvelope(bundle.envelope, trust.key);
      return { kind: 'key', keyHint: keyHint(trust.key), keyType: kindOf(trust.key) };
    case 'certificate': {
      const { verifyCertificate } = await import('../x509/index.ts');
      return verifyCertificate(bundle, trust, { now });
    }
    case 'keyless': {
      const { verifyKeyless } = await import('../sigstore/index.ts');
      return verifyKeyless(bundle, trust);
    }
  }
}

/** If all signers have one reason, it is stated once; otherwise for each signer. */
function refused(refusals: readonly { readonly rule: TrustRule; readonly error: SignatureError }[]): SignatureError {
  const [first] = refusals;
  if (first !== undefined && refusals.every(({ error }) => error.problem === first.error.problem)) return first.error;
  const reasons = refusals.map(({ rule, error }) => `not by "${rule.name}": ${error.message}`);
  return new SignatureError('untrusted', `no signer in the trust file has signed it (${reasons.join('; ')})`);
}
