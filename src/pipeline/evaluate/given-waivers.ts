import type { Assessment, Waiver } from '../../core/assessment/index.ts';
import type { AttestedTests } from '../../core/behavior/index.ts';
import type { AttestedTraining } from '../../core/lineage/index.ts';
import type { Approval } from '../../policy/index.ts';
import type { GivenAttestation } from './attestation-check.ts';

/** The waivers, approvals, tests and training runs of the organisation, read and verified. */
export interface GivenWaivers {
  readonly waivers: readonly Waiver[];
  readonly approvals: readonly Approval[];
  /** Of any model. */
  readonly tests: readonly AttestedTests[];
  /** Of any model. */
  readonly training: readonly AttestedTraining[];
  /** Each attestation, whatever it says. */
  readonly attestations: readonly GivenAttestation[];
  readonly notes: readonly string[];
  /** The waiver files, none of which may be in the artifact. */
  readonly files: readonly string[];
}

export const NO_GIVEN_WAIVERS: GivenWaivers = {
  waivers: [],
  approvals: [],
  tests: [],
  training: [],
  attestations: [],
  notes: [],
  files: [],
};

/** The assessment with the additions of waivers: checks, notes, and a finding for each void waiver. */
export async function withWaivers(assessment: Assessment, given: GivenWaivers, now: Date): Promise<Assessment> {
  if (given === NO_GIVEN_WAIVERS) return assessment;
  const { withWaiverFindings } = await import('../../policy/waivers/index.ts');
  const attested = await withAttestations(assessment, given);
  const complete = { ...attested, notes: [...attested.notes, ...given.notes] };
  return withWaiverFindings(complete, given.waivers, now);
}

/** What judges attestations is loaded when there are any. */
async function withAttestations(assessment: Assessment, { attestations }: GivenWaivers): Promise<Assessment> {
  if (attestations.length === 0) return assessment;
  const { attestationCheck, attestationNotes } = await import('./attestation-check.ts');
  return {
    ...assessment,
    checks: [...assessment.checks, attestationCheck(assessment, attestations)],
    notes: [...assessment.notes, ...attestationNotes(assessment, attestations)],
  };
}
