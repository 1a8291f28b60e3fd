import type { Assessment } from '../../core/assessment.ts';
import type { Check } from '../../core/check.ts';
import type { Waiver } from '../../core/waiver.ts';
import type { Approval } from '../../policy/approval.ts';

/** What the organisation pardons and approves, read and verified. */
export interface Pardons {
  readonly waivers: readonly Waiver[];
  readonly approvals: readonly Approval[];
  /** `integrity.attestation`, when there are attestations. */
  readonly checks: readonly Check[];
  readonly notes: readonly string[];
  /** The waiver files: none of them may lie in what is judged. */
  readonly files: readonly string[];
}

export const NO_PARDONS: Pardons = { waivers: [], approvals: [], checks: [], notes: [], files: [] };

/** The assessment with what pardons add to it: checks, notes, and a finding for each waiver that does not pardon. */
export async function withPardons(assessment: Assessment, pardons: Pardons, now: Date): Promise<Assessment> {
  if (pardons === NO_PARDONS) return assessment;
  const { withWaiverFindings } = await import('../../policy/waivers.ts');
  const told = {
    ...assessment,
    checks: [...assessment.checks, ...pardons.checks],
    notes: [...assessment.notes, ...pardons.notes],
  };
  return withWaiverFindings(told, pardons.waivers, now);
}
