import { describe, expect, it } from 'vitest';
import type { Assessment } from '../../../src/core/assessment/assessment.ts';
import { type GivenAttestation, judgeAttestations } from '../../../src/pipeline/evaluate/attestation-check.ts';
import { caseAssessment } from '../../../src/policy/cases/assessment.ts';

const OTHER = `sha256:${'b2'.repeat(32)}`;
const sample = caseAssessment({});

/** A complete assessment of one hashed file, and its tree digest. */
function assessed(change: Partial<Assessment> = {}): { assessment: Assessment; digest: string } {
  const digest = `sha256:${'a1'.repeat(32)}`;
  const files = sample.files.map((file) => ({ ...file, sha256: 'c3'.repeat(32), digestBasis: 'computed' as const }));
  return {
    assessment: { ...sample, files, artifact: { ...sample.artifact, pinned: '/models/m', digest }, ...change },
    digest,
  };
}

const approval = (digest: string, standing: 'valid' | 'expired' | 'failed' = 'valid'): GivenAttestation => ({
  standing,
  detail: 'a.json: an approval for production by ada',
  subject: { kind: 'artifact', digest },
});
const tests = (...sha256: string[]): GivenAttestation => ({
  standing: 'valid',
  detail: 't.json: tests of m.onnx by ci',
  subject: { kind: 'files', sha256 },
});
const forged: GivenAttestation = { standing: 'invalid', detail: 'f.json: it is not valid' };

const attestationCheck = (assessment: Assessment, given: readonly GivenAttestation[]) =>
  judgeAttestations(assessment, given).check;

describe('integrity.attestation', () => {
  const { assessment, digest } = assessed();

  it('passes for an attestation of this digest', () => {
    expect(attestationCheck(assessment, [approval(digest)])).toEqual({
      id: 'integrity.attestation',
      status: 'pass',
      detail: 'a.json: an approval for production by ada',
    });
  });

  it.each<[string, GivenAttestation, string]>([
    ['another artifact', approval(OTHER), 'for another artifact'],
    ['an approval that has expired', approval(digest, 'expired'), 'expired, void'],
    ['a denial of this artifact', approval(digest, 'failed'), 'it says that the artifact failed'],
    ['files of another artifact', tests('d4'.repeat(32)), 'for another artifact'],
    ['no file', tests(), 'for another artifact'],
    ['files whose digest is the tree digest of this one', tests(digest.slice(7)), 'for another artifact'],
  ])('is not assessed with %s', (_, given, why) => {
    const check = attestationCheck(assessment, [given]);
    expect(check).toMatchObject({ status: 'not-assessed', detail: `${given.detail} (${why})` });
  });

  it('says of each that does not count why, and is silent about the others', () => {
    const [file] = assessment.files;
    const given = [approval(digest), approval(OTHER), approval(digest, 'expired'), forged, tests(file?.sha256 ?? '')];
    expect(judgeAttestations(assessment, given).notes).toEqual([
      'a.json: an approval for production by ada does not count: for another artifact',
      'a.json: an approval for production by ada does not count: expired, void',
    ]);
  });

  it('names those for another artifact beside the one that counts', () => {
    const { status, detail } = attestationCheck(assessment, [approval(OTHER), approval(digest)]);
    expect(status).toBe('pass');
    expect(detail).toMatch(/ada \(for another artifact\); a\.json: an approval for production by ada$/);
  });

  it('fails with one that is not valid, whatever the others say', () => {
    expect(attestationCheck(assessment, [approval(digest), forged])).toMatchObject({
      status: 'fail',
      detail: 'f.json: it is not valid',
    });
  });

  it('is not assessed while the digest was not computed', () => {
    const claimed = assessment.files.map((file) => ({ ...file, digestBasis: 'claimed' as const }));
    const { status, detail } = attestationCheck({ ...assessment, files: claimed }, [approval(digest)]);
    expect(status).toBe('not-assessed');
    expect(detail).toContain('was not computed from its bytes');
    const partly = attestationCheck({ ...assessment, status: 'incomplete' }, [approval(digest)]);
    expect(partly.status).toBe('not-assessed');
  });

  it('passes for files only when they are all there is', () => {
    const [file] = assessment.files;
    if (file?.sha256 == null) throw new Error('a case has a hashed file');
    expect(attestationCheck(assessment, [tests(file.sha256)])).toMatchObject({ status: 'pass' });
    const more = { ...assessment, files: [file, { ...file, path: 'evil.pkl', sha256: 'e5'.repeat(32) }] };
    expect(attestationCheck(more, [tests(file.sha256)])).toMatchObject({
      status: 'not-assessed',
      detail: 't.json: tests of m.onnx by ci (for some files of this artifact)',
    });
  });
});
