import type { Signer } from '../../core/assessment/index.ts';
import { parseBoundedJson } from '../../core/index.ts';
import { SignatureError, type SignedBundle, type VerificationMaterial, verifyKey } from '../envelope/index.ts';
import type { Trust } from '../trust/index.ts';
import type { OmsManifest } from './manifest.ts';
import { OLD_PREDICATE, readOmsManifest } from './statement.ts';

/** The facts that a signature proves: the signer and the signed files. */
export interface VerifiedModelSignature {
  readonly signer: Signer;
  readonly manifest: OmsManifest;
}

/**
 * Verifies the signature of a model by the trusted signing method, and only then reads the signed content.
 * @throws SignatureError for a signature that does not hold
 * @throws AssayError what the verifier of Sigstore cannot do
 */
export async function verifyBundle(bundle: SignedBundle, trust: Trust): Promise<VerifiedModelSignature> {
  const signer = await verifySigner(bundle, trust);
  return { signer, manifest: readOmsManifest(bundle.envelope) };
}

async function verifySigner(bundle: SignedBundle, trust: Trust): Promise<Signer> {
  const { material } = bundle;
  if (material.kind !== trust.kind) throw wrongMethod(material, trust);
  const legacy = isOfOldRelease(bundle);
  switch (trust.kind) {
    case 'key':
      return verifyKey(bundle, trust, { legacy });
    case 'certificate': {
      const { verifyCertificate } = await import('../x509/index.ts');
      return verifyCertificate(bundle, trust, { legacy });
    }
    case 'keyless': {
      const { verifyKeyless } = await import('../sigstore/index.ts');
      return verifyKeyless(bundle, trust);
    }
  }
}

const METHODS: Readonly<Record<Trust['kind'], { readonly signed: string; readonly flags: string }>> = {
  key: { signed: 'with a key', flags: '--public-key' },
  certificate: { signed: 'with a certificate', flags: '--certificate-chain' },
  keyless: { signed: 'keyless, through Sigstore', flags: '--identity and --issuer' },
};

function wrongMethod(material: VerificationMaterial, trust: Trust): SignatureError {
  const { signed, flags } = METHODS[material.kind];
  return new SignatureError(
    'method',
    `the model was signed ${signed}, which ${METHODS[trust.kind].flags} cannot verify: give ${flags}`,
  );
}

/**
 * Whether the payload says that it is of release 0.2, which signed other bytes than the standard requires. Nothing else in it
 * is trusted before the signature is verified.
 */
function isOfOldRelease({ envelope }: SignedBundle): boolean {
  if (!envelope.payload.includes(OLD_PREDICATE)) return false;
  try {
    const statement = parseBoundedJson(envelope.payload, 'the statement');
    return typeof statement === 'object' && statement !== null && 'predicateType' in statement
      ? statement.predicateType === OLD_PREDICATE
      : false;
  } catch {
    // An unreadable payload is of no release; `readManifest` reports its fault if the signature is valid.
    return false;
  }
}
