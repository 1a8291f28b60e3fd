import { createHash } from 'node:crypto';
import { readSmallFile } from '../../core/bytes/index.ts';
import { type DataCheck, type DataReport, poisoningRisk, statusOfData } from '../../core/data/index.ts';
import { AssayError } from '../../core/index.ts';
import { attestedDataOf, verifyAttestation } from '../../integrity/attestations/index.ts';
import { isSignatureError, readBundle } from '../../integrity/envelope/index.ts';
import { readTrustFile } from '../../integrity/trust-file/index.ts';
import { type GivenProfile, MAX_PROFILE_BYTES } from './check-data.ts';

/** A profile that is to be compared with, and what is asked of its signature. */
export interface BaselineToJudge {
  /** The path of the profile. */
  readonly baseline: string;
  /** The path of the attestation that names it; `undefined`: it is not signed. */
  readonly attestation: string | undefined;
  /** The path of the trust file. */
  readonly trust: string | undefined;
  readonly now?: Date;
}

export interface JudgedBaseline {
  /** `undefined` when it is refused: data is then compared with nothing. */
  readonly baseline: GivenProfile | undefined;
  /** `data.baseline` */
  readonly check: DataCheck;
}

/** CWE-770: a statement names files and checks, and no rows. */
const MAX_ATTESTATION = 4 * 1024 * 1024;

/**
 * Judges a baseline that has to be signed: a trusted signer attests the checks of the data that it was made of, and none of them failed.
 * @throws AssayError `usage` for an attestation without a trust file; `not-found`, `unreadable`, `limit`, `malformed`
 */
export async function judgeBaseline({
  baseline: path,
  attestation,
  trust,
  now = new Date(),
}: BaselineToJudge): Promise<JudgedBaseline> {
  const { bytes } = await readSmallFile(path, '--baseline', MAX_PROFILE_BYTES);
  if (attestation === undefined) return refused(`${path} is not signed: no attestation was given for it`);
  if (trust === undefined)
    throw new AssayError('usage', 'needs a trust file', {
      subject: '--baseline-attestation',
      hint: 'give --trust, or set ASSAY_TRUST',
    });
  const trusted = await readTrustFile(trust);
  const { bytes: bundle } = await readSmallFile(attestation, '--baseline-attestation', MAX_ATTESTATION);
  try {
    const verified = await verifyAttestation(readBundle(bundle, attestation), trusted, { kind: 'data', now });
    const attested = attestedDataOf(verified);
    if (attested === undefined) return refused(`${attestation} is not about training data`);
    if (attested.profile !== createHash('sha256').update(bytes).digest('hex'))
      return refused(`${attestation} attests another profile than ${path}`);
    if (attested.status === 'fail' || attested.status === 'error')
      return refused(`the data of ${path} did not pass its own checks, as ${attested.signer} attests`);
    const detail = `${attested.signer} attests the profile ${path}, of ${attested.rows} rows, at ${attested.at}`;
    return { baseline: { name: path, bytes }, check: checkOf('pass', detail) };
  } catch (error) {
    if (!isSignatureError(error)) throw error;
    return refused(`${attestation}: ${error.message}`);
  }
}

/** The report with the check of its baseline, which stands before the others. */
export function withBaselineCheck(report: DataReport, check: DataCheck): DataReport {
  const checks = [check, ...report.checks];
  return { ...report, status: statusOfData(checks), owasp: poisoningRisk(checks), checks };
}

function refused(detail: string): JudgedBaseline {
  return { baseline: undefined, check: checkOf('fail', detail) };
}

function checkOf(status: 'pass' | 'fail', detail: string): DataCheck {
  return {
    id: 'data.baseline',
    title: 'Does a trusted signer attest the baseline?',
    weight: 'decides',
    status,
    detail,
    measures: [],
    rows: [],
    rowCount: 0,
    figures: [],
    falseAlarms: 'none: a signature holds or does not',
    unseen: 'whether the data of the baseline is what its signer believes',
  };
}
