import type { Signer } from '../../core/assessment/index.ts';
import { isSignatureError, SignatureError, type SignedBundle, verifyModelEnvelope } from '../envelope/index.ts';
import { identityMatches, type Trust } from '../trust/index.ts';
import { sortAnchors } from './anchors.ts';
import { type Certificate, readCertificate, subjectNameOf } from './certificate.ts';
import { findChain } from './chain.ts';
import { checkLeaf, checkTime } from './fitness.ts';

/** Certificates in a bundle, and more than any real one has. */
const MAX_CERTIFICATES = 16;

type CertificateTrust = Extract<Trust, { kind: 'certificate' }>;

export interface CertificateOptions {
  /** The payload is of release 0.2 of the reference implementation, so that what this release signed is accepted too. */
  readonly legacy?: boolean;
  readonly now?: Date;
}

/**
 * Verifies a bundle that was signed with a certificate of a private authority: the chain, the time, the name, the signature.
 * @throws SignatureError `method`, `certificate`, `certificate-chain`, `certificate-time`, `identity`, `signature`, `key`
 */
export function verifyCertificate(
  bundle: SignedBundle,
  trust: CertificateTrust,
  options: CertificateOptions = {},
): Signer {
  try {
    return verify(bundle, trust, options.now ?? new Date(), options.legacy ?? false);
  } catch (error) {
    if (isSignatureError(error)) throw error;
    throw new SignatureError('certificate', 'the certificates of the signature cannot be verified', { cause: error });
  }
}

function verify(bundle: SignedBundle, trust: CertificateTrust, now: Date, legacy: boolean): Signer {
  const [leaf, ...others] = readChain(bundle);
  checkLeaf(leaf);
  // Under either policy: a signature cannot come from the future.
  if (leaf.notBefore > now) checkTime(leaf, now);
  const { roots, intermediates } = sortAnchors(trust.anchors);
  const at = trust.validity === 'now' ? now : leaf.notBefore;
  findChain({ leaf, intermediates: [...intermediates, ...others], roots, at });
  checkIdentity(leaf, trust.identity);
  verifyModelEnvelope(bundle.envelope, leaf.key, { legacy });
  return {
    kind: 'certificate',
    subject: oneLine(leaf.x509.subject),
    names: namesOf(leaf),
    issuer: oneLine(leaf.x509.issuer),
    sha256: leaf.x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    notAfter: leaf.notAfter.toISOString(),
    expired: leaf.notAfter < now,
  };
}

function readChain({ material }: SignedBundle): readonly [Certificate, ...Certificate[]] {
  if (material.kind !== 'certificate') {
    throw new SignatureError('method', 'the model was not signed with a certificate of a private authority');
  }
  const [leaf, ...others] = material.chain;
  if (leaf === undefined) throw new SignatureError('certificate', 'the signature has no certificate');
  if (material.chain.length > MAX_CERTIFICATES) {
    throw new SignatureError(
      'certificate',
      `the signature has ${material.chain.length} certificates, more than ${MAX_CERTIFICATES}`,
    );
  }
  return [
    readCertificate(leaf, 'the certificate of the signer'),
    ...others.map((der, at) => readCertificate(der, `certificate ${at + 2} of the signature`)),
  ];
}

function checkIdentity(leaf: Certificate, identity: string | undefined): void {
  if (identity === undefined) return;
  const { commonName } = leaf;
  const names = [...namesOf(leaf), ...(commonName === undefined ? [] : [commonName])];
  if (names.some((name) => identityMatches(identity, name))) return;
  const has = names.length === 0 ? subjectNameOf(leaf) : names.map((name) => JSON.stringify(name)).join(', ');
  throw new SignatureError(
    'identity',
    `the model was signed by ${has.slice(0, 400)}, not by ${JSON.stringify(identity)}`,
  );
}

function namesOf({ names }: Certificate): readonly string[] {
  return names.flatMap(({ kind, text }) => (kind === 'other' || kind === 'username' ? [] : [text]));
}

/** OpenSSL puts each attribute on a line of its own. */
function oneLine(name: string): string {
  return name.replaceAll('\n', ', ');
}
