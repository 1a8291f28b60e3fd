import type { Assessment, Check } from '../../core/assessment/index.ts';
import { boundDigest } from '../../policy/waivers/index.ts';

/** An attestation that was given, and what it is about. One that `failed` is valid, and says that its artifact failed. */
export type GivenAttestation =
  | { readonly standing: 'invalid'; readonly detail: string }
  | { readonly standing: 'valid' | 'expired' | 'failed'; readonly detail: string; readonly subject: AttestedSubject };

/** An artifact by its tree digest (`sha256:<hex>`), or files by their SHA-256 (hex). */
export type AttestedSubject =
  | { readonly kind: 'artifact'; readonly digest: string }
  | { readonly kind: 'files'; readonly sha256: readonly string[] };

/**
 * `integrity.attestation`: fails for an attestation that is not valid; passes when a valid one is about exactly this artifact. One about
 * another artifact, or about some files of this one, proves nothing of the whole.
 */
export function attestationCheck(assessment: Assessment, given: readonly GivenAttestation[]): Check {
  const invalid = given.filter(({ standing }) => standing === 'invalid');
  if (invalid.length > 0)
    return says(
      'fail',
      invalid.map(({ detail }) => detail),
    );
  const told = given.map((one) => ({ place: placeOf(assessment, one), detail: one.detail }));
  const own = told.some(({ place }) => place === undefined);
  return says(
    own ? 'pass' : 'not-assessed',
    told.map(({ place, detail }) => (place === undefined ? detail : `${detail} (${place})`)),
  );
}

/** What the report says of attestations that do not count: for another artifact, expired, or against this one. */
export function attestationNotes(assessment: Assessment, given: readonly GivenAttestation[]): readonly string[] {
  return given.flatMap((one) => {
    const place = one.standing === 'invalid' ? undefined : placeOf(assessment, one);
    return place === undefined || place === SOME_FILES ? [] : [`${one.detail} does not count: ${place}`];
  });
}

function says(status: Check['status'], details: readonly string[]): Check {
  return { id: 'integrity.attestation', status, detail: details.join('; ') };
}

/** Why it does not speak for this artifact; `undefined` when it does. */
function placeOf(assessment: Assessment, given: GivenAttestation): string | undefined {
  if (given.standing === 'invalid') return 'not valid';
  const { subject } = given;
  const place =
    subject.kind === 'artifact' ? placeOfTree(assessment, subject.digest) : placeOfFiles(assessment, subject);
  return place ?? LEFT[given.standing];
}

const SOME_FILES = 'for some files of this artifact';
const LEFT = { valid: undefined, expired: 'expired, void', failed: 'it says that the artifact failed' } as const;

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
