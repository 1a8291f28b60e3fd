import type { Assessment, Waiver } from '../../core/assessment/index.ts';
import type { AttestedTests } from '../../core/behavior/index.ts';
import type { AttestedTraining } from '../../core/lineage/index.ts';
import type { Approval } from '../../policy/index.ts';
import type { GivenAttestation } from './attestation-check.ts';

/** The waivers, approvals, tests and training runs of the organisation, read and verified. */
export interface GivenEvidence {
  readonly waivers: readonly Waiver[];
  readonly approvals: readonly Approval[];
  /** Of any model. */
  readonly tests: readonly AttestedTests[];
  /** Of any model. */
  readonly training: readonly AttestedTraining[];
  /** Each attestation, whatever it says. */
  readonly attestations: readonly GivenAttestation[];
  /** The waiver files, none of which may be in the artifact. */
  readonly files: readonly string[];
}

export const NO_GIVEN_EVIDENCE: GivenEvidence = {
  waivers: [],
  approvals: [],
  tests: [],
  training: [],
  attestations: [],
  files: [],
};

/** The assessment with what the evidence adds: a check, notes, and a finding for each void waiver. */
export async function withGivenEvidence(assessment: Assessment, given: GivenEvidence, now: Date): Promise<Assessment> {
  if (given === NO_GIVEN_EVIDENCE) return assessment;
  const { withWaiverFindings } = await import('../../policy/waivers/index.ts');
  return withWaiverFindings(await withAttestations(assessment, given), given.waivers, now);
}

/** What judges attestations is loaded when there are any. */
async function withAttestations(assessment: Assessment, { attestations }: GivenEvidence): Promise<Assessment> {
  if (attestations.length === 0) return assessment;
  const { judgeAttestations } = await import('./attestation-check.ts');
  const { check, notes } = judgeAttestations(assessment, attestations);
  return { ...assessment, checks: [...assessment.checks, check], notes: [...assessment.notes, ...notes] };
}
