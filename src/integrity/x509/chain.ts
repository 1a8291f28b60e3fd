import { SignatureError } from '../envelope/index.ts';
import { type Certificate, subjectNameOf } from './certificate.ts';
import { checkAuthority, checkTime } from './fitness.ts';

/** Certificates in a path, leaf and root included. */
const MAX_DEPTH = 8;
/** The number of issuers that are tried for a chain: real chains need three or four. */
const MAX_STEPS = 200;

export interface ChainRequest {
  readonly leaf: Certificate;
  /** From the bundle, or given with the roots: they help to find a path, and are not trusted. */
  readonly intermediates: readonly Certificate[];
  /** Self-signed, and trusted. */
  readonly roots: readonly Certificate[];
  /** When every certificate of the path has to be valid. */
  readonly at: Date;
}

/**
 * The path from a leaf to a root in which each certificate was issued by the next (RFC 5280, 6.1, without policies and name
 * constraints). Every path is tried, within bounds; the first failure is reported when none holds.
 * @throws SignatureError `certificate-chain`, `certificate-time`, `certificate`
 */
export function findChain({ leaf, intermediates, roots, at }: ChainRequest): readonly Certificate[] {
  checkTime(leaf, at);
  const isLeaf = ({ der }: Certificate) => der.equals(leaf.der);
  // A self-signed leaf is trusted when it is itself among the roots, as in the reference implementation.
  if (roots.some(isLeaf)) return [leaf];
  const search: Search = {
    issuers: [
      ...roots.map((certificate) => ({ certificate, root: true })),
      ...intermediates.map((certificate) => ({ certificate, root: false })),
    ],
    at,
    steps: 0,
    failure: undefined,
  };
  const found = extend([leaf], search);
  if (found !== undefined) return found;
  throw search.failure ?? notTrusted(leaf);
}

interface Issuer {
  readonly certificate: Certificate;
  readonly root: boolean;
}

interface Search {
  readonly issuers: readonly Issuer[];
  readonly at: Date;
  steps: number;
  failure: unknown;
}

function extend(path: readonly Certificate[], search: Search): readonly Certificate[] | undefined {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  const { issuer } = last.x509;
  const candidates = search.issuers.filter(
    ({ certificate }) => certificate.x509.subject === issuer && !path.some(({ der }) => der.equals(certificate.der)),
  );
  if (candidates.length === 0) search.failure ??= notTrusted(last);
  for (const { certificate, root } of candidates) {
    if (++search.steps > MAX_STEPS) {
      throw new SignatureError('certificate-chain', `no path to a trusted root was found in ${MAX_STEPS} steps`);
    }
    try {
      checkStep(path, last, certificate, root, search.at);
    } catch (error) {
      search.failure ??= error;
      continue;
    }
    const longer = [...path, certificate];
    const found = root ? longer : extend(longer, search);
    if (found !== undefined) return found;
  }
  return undefined;
}

function checkStep(
  path: readonly Certificate[],
  last: Certificate,
  issuer: Certificate,
  root: boolean,
  at: Date,
): void {
  if (path.length >= MAX_DEPTH) {
    throw new SignatureError(
      'certificate-chain',
      `the certificates make a path of more than ${MAX_DEPTH} certificates`,
    );
  }
  const below = path.slice(1).filter(({ x509 }) => x509.subject !== x509.issuer).length;
  checkAuthority(issuer, { root, below });
  checkTime(issuer, at);
  if (!last.stronglySigned) {
    throw new SignatureError(
      'certificate-chain',
      `the certificate ${subjectNameOf(last)} was signed with a weak or unknown algorithm`,
    );
  }
  if (!last.x509.checkIssued(issuer.x509) || !last.x509.verify(issuer.key)) {
    throw new SignatureError(
      'certificate-chain',
      `the certificate ${subjectNameOf(last)} names ${subjectNameOf(issuer)} as its issuer, which did not sign it`,
    );
  }
}

function notTrusted(certificate: Certificate): SignatureError {
  const issuer = certificate.x509.issuer.replaceAll('\n', ', ');
  return new SignatureError(
    'certificate-chain',
    `there is no path to a trusted root: the issuer of ${subjectNameOf(certificate)} is ${JSON.stringify(issuer.slice(0, 200))}`,
  );
}
