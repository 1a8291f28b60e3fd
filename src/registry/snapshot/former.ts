import type { ApprovalRecord } from '../api/index.ts';
import type { RegistryRules } from '../registry.ts';
import { RULED_STAGES, type RuledStage } from '../rules/index.ts';
import type { Believed, Believer, SignedClaim } from './believe.ts';

/**
 * A policy that another has replaced a moment ago. Approvals that are bound to it count until `until`, so that workloads
 * continue while the service re-evaluates each approval; the newer policy decides at once whether the artifact may run.
 */
export interface FormerPolicy {
  readonly stage: RuledStage;
  readonly digest: string;
  readonly until: Date;
}

/** How long a service may take to re-evaluate all approvals. */
const LOOK_AGAIN_MS = 10 * 60_000;

/** The replaced policies of changed rules, and earlier ones that still count. */
export function formerPolicies(
  before: { readonly rules: RegistryRules; readonly former: readonly FormerPolicy[] },
  rules: RegistryRules,
  now: Date,
): readonly FormerPolicy[] {
  const until = new Date(now.getTime() + LOOK_AGAIN_MS);
  const replaced = RULED_STAGES.map((stage) => ({ stage, digest: before.rules[stage].policy.digest, until })).filter(
    ({ stage, digest }) => digest !== rules[stage].policy.digest,
  );
  return [...replaced, ...before.former.filter((one) => now < one.until)];
}

/** An approval that holds under the policy of now, else under a former one, and then no longer than that counts. */
export async function believeApproval(
  believer: Believer,
  former: readonly FormerPolicy[],
  record: ApprovalRecord,
  claim: SignedClaim,
  now: Date,
): Promise<Believed | string> {
  const believed = await believer.believe(record, claim, now);
  if (typeof believed !== 'string') return believed;
  for (const { stage, digest, until } of former) {
    if (stage !== claim.stage || now >= until) continue;
    const before = await believer.believe(record, { ...claim, policyDigest: digest }, now);
    if (typeof before === 'string') continue;
    return { ...before, until: Math.min(before.until ?? Number.POSITIVE_INFINITY, until.getTime()) };
  }
  return believed;
}
