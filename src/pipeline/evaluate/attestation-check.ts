import type { Assessment, Check } from '../../core/assessment/index.ts';
import { boundDigest } from '../../policy/waivers/index.ts';

/** An attestation that was given: why it is not valid, or what it is about. */
export type GivenAttestation = InvalidAttestation | StandingAttestation;

interface InvalidAttestation {
  readonly standing: 'invalid';
  readonly detail: string;
}

/** One that `failed` is valid, and says that its artifact failed. */
interface StandingAttestation {
  readonly standing: 'valid' | 'expired' | 'failed';
  readonly detail: string;
  readonly subject: AttestedSubject;
}

/** An artifact by its tree digest (`sha256:<hex>`), or files by their SHA-256 (hex). */
export type AttestedSubject =
  | { readonly kind: 'artifact'; readonly digest: string }
  | { readonly kind: 'files'; readonly sha256: readonly string[] };

export interface JudgedAttestations {
  /** `integrity.attestation` */
  readonly check: Check;
  /** Of each attestation for another artifact, expired, or against this one: that it does not count. */
  readonly notes: readonly string[];
}

/**
 * The check fails for an attestation that is not valid, and passes when a valid one is about exactly this artifact. One about another
 * artifact, or about some files of this one, proves nothing of the whole.
 */
export function judgeAttestations(assessment: Assessment, given: readonly GivenAttestation[]): JudgedAttestations {
  const standing = given.filter((one) => one.standing !== 'invalid');
  const told = standing.map((one) => ({ detail: one.detail, why: whyNotCounted(assessment, one) }));
  const notes = told.flatMap(({ detail, why }) =>
    why === undefined || why === SOME_FILES ? [] : [`${detail} does not count: ${why}`],
  );
  const invalid = given.filter((one) => one.standing === 'invalid').map(({ detail }) => detail);
  if (invalid.length > 0) return { check: checkOf('fail', invalid), notes };
  const details = told.map(({ detail, why }) => (why === undefined ? detail : `${detail} (${why})`));
  const status = told.some(({ why }) => why === undefined) ? 'pass' : 'not-assessed';
  return { check: checkOf(status, details), notes };
}

function checkOf(status: Check['status'], details: readonly string[]): Check {
  return { id: 'integrity.attestation', status, detail: details.join('; ') };
}

/** `undefined` for an attestation of this artifact that holds. */
function whyNotCounted(assessment: Assessment, { subject, standing }: StandingAttestation): string | undefined {
  const place =
    subject.kind === 'artifact' ? placeOfTree(assessment, subject.digest) : placeOfFiles(assessment, subject);
  return place ?? VOID[standing];
}

const SOME_FILES = 'for some files of this artifact';
const VOID = { valid: undefined, expired: 'expired, void', failed: 'it says that the artifact failed' } as const;

function placeOfTree(assessment: Assessment, digest: string): string | undefined {
  const bound = boundDigest(assessment);
  if (bound === null) return 'the digest of this artifact was not computed from its bytes';
  return digest === bound ? undefined : 'for another artifact';
}

function placeOfFiles({ files }: Assessment, { sha256 }: { readonly sha256: readonly string[] }): string | undefined {
  const named = new Set(sha256);
  const own = files.filter((file) => file.sha256 !== null && file.digestBasis === 'computed' && named.has(file.sha256));
  if (own.length === 0) return 'for another artifact';
  return own.length === files.length ? undefined : SOME_FILES;
}
