import type { Assessment, Check, Waiver } from '../../core/assessment/index.ts';
import type { AttestedTests } from '../../core/behavior/index.ts';
import type { Approval } from '../../policy/index.ts';

/** The waivers, approvals and tests of the organisation, read and verified. */
export interface GivenWaivers {
  readonly waivers: readonly Waiver[];
  readonly approvals: readonly Approval[];
  /** Of any model. */
  readonly tests: readonly AttestedTests[];
  /** `integrity.attestation`, when there are attestations. */
  readonly checks: readonly Check[];
  readonly notes: readonly string[];
  /** The waiver files, none of which may be in the artifact. */
  readonly files: readonly string[];
}

export const NO_GIVEN_WAIVERS: GivenWaivers = {
  waivers: [],
  approvals: [],
  tests: [],
  checks: [],
  notes: [],
  files: [],
};

/** The assessment with the additions of waivers: checks, notes, and a finding for each void waiver. */
export async function withWaivers(assessment: Assessment, given: GivenWaivers, now: Date): Promise<Assessment> {
  if (given === NO_GIVEN_WAIVERS) return assessment;
  const { withWaiverFindings } = await import('../../policy/waivers/index.ts');
  const complete = {
    ...assessment,
    checks: [...assessment.checks, ...given.checks],
    notes: [...assessment.notes, ...given.notes],
  };
  return withWaiverFindings(complete, given.waivers, now);
}
