import type { Assessment, Check, Waiver } from '../../core/assessment/index.ts';
import type { Approval } from '../../policy/index.ts';

/** What the organisation waives and approves, read and verified. */
export interface GivenWaivers {
  readonly waivers: readonly Waiver[];
  readonly approvals: readonly Approval[];
  /** `integrity.attestation`, when there are attestations. */
  readonly checks: readonly Check[];
  readonly notes: readonly string[];
  /** The waiver files: none of them may lie in what is judged. */
  readonly files: readonly string[];
}

export const NO_GIVEN_WAIVERS: GivenWaivers = { waivers: [], approvals: [], checks: [], notes: [], files: [] };

/** The assessment with what waivers add to it: checks, notes, and a finding for each waiver that does not count. */
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
