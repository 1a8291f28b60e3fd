import { X509Certificate } from 'node:crypto';
import { AssayError } from '../../core/index.ts';
import { type Certificate, readCertificate } from './certificate.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
/** More than any system trusts. */
const MAX_CERTIFICATES = 1000;
const HINT = 'give a PEM file with the root certificate and the certificates between it and the leaf';

/**
 * The certificates that a user trusts, from PEM: roots, which signed themselves, and certificates between them and a leaf,
 * which help to find a path. An intermediate without its root proves nothing, as in the reference implementation.
 * @param subject names the file, for messages
 * @throws AssayError `usage` when there is no root, or a certificate that cannot be used
 */
export function readAnchors(pem: string, subject: string): X509Certificate[] {
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0) throw new AssayError('usage', 'does not contain a certificate', { subject, hint: HINT });
  if (blocks.length > MAX_CERTIFICATES) {
    throw new AssayError('usage', `contains more than ${MAX_CERTIFICATES} certificates`, { subject, hint: HINT });
  }
  const anchors = blocks.map((block, at) => readBlock(block, at + 1, subject));
  if (anchors.some(isRoot)) return anchors;
  throw new AssayError('usage', 'does not contain a root: none of its certificates is self-signed', {
    subject,
    hint: HINT,
  });
}

function readBlock(block: string, at: number, subject: string): X509Certificate {
  try {
    const x509 = new X509Certificate(block);
    return readCertificate(x509.raw, `certificate ${at}`).x509;
  } catch (cause) {
    throw new AssayError('usage', `certificate ${at} cannot be read`, { subject, hint: HINT, cause });
  }
}

/** Whether a certificate signed itself. Whether it may issue others is checked when it has issued one. */
function isRoot(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey);
}

export interface Anchors {
  readonly roots: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
}

const known = new WeakMap<readonly X509Certificate[], Anchors>();

/**
 * Anchors, read and told apart; once for each list.
 * @throws SignatureError `certificate` for one that `readAnchors` would not take
 */
export function sortAnchors(anchors: readonly X509Certificate[]): Anchors {
  const before = known.get(anchors);
  if (before !== undefined) return before;
  const all = anchors.map(({ raw }, at) => readCertificate(raw, `trusted certificate ${at + 1}`));
  const roots = all.filter(({ x509 }) => isRoot(x509));
  const sorted = { roots, intermediates: all.filter((certificate) => !roots.includes(certificate)) };
  known.set(anchors, sorted);
  return sorted;
}
