import { createHash } from 'node:crypto';
import type { Decision, Ruleset } from '../../core/assessment/index.ts';
import { version } from '../../core/index.ts';
import { signStatement } from '../../integrity/attestations/index.ts';
import { createStatement, subjectsOf } from '../../integrity/statements/index.ts';
import { type ApprovalRow, isExact, labelOf, type VersionRow } from '../rows/index.ts';
import { hasNewViolation } from '../rules/index.ts';
import { askToCarry } from '../signing-requests/index.ts';
import type { Change, Context } from '../store/index.ts';

/** A decision that would replace the decision of an approval. */
export interface Newer {
  readonly version: VersionRow;
  readonly decision: Decision;
  readonly ruleset: Ruleset;
  /** A pinned reference of it, or what it was registered by. */
  readonly pinned: string;
}

/** Whether an approval is bound to another policy or ruleset than those of a decision. */
export function isBehind(approval: ApprovalRow, { decision, ruleset }: Pick<Newer, 'decision' | 'ruleset'>): boolean {
  return (
    approval.held_policy !== decision.policyDigest ||
    approval.held_ruleset_version !== ruleset.version ||
    approval.held_ruleset_digest !== ruleset.digest
  );
}

/**
 * The effect of another policy or ruleset on an approval: the approval carries over when the new decision has no violation that
 * the approver did not see, and a key signs the re-evaluation; otherwise it is void.
 * @returns whether it carries over; also where another process is asked to sign, which looks for itself whether it does
 */
export async function carryOrVoid(
  context: Context,
  change: Change,
  approval: ApprovalRow,
  newer: Newer,
): Promise<boolean> {
  const why = await refusalToCarry(context, change, approval, newer);
  if (why === undefined) return true;
  await voidApproval(change, approval, newer.version, why);
  return false;
}

async function refusalToCarry(
  { signer, signsLater }: Context,
  change: Change,
  approval: ApprovalRow,
  newer: Newer,
): Promise<string | undefined> {
  const { version: row, decision, ruleset } = newer;
  const base = await change.db
    .selectFrom('decisions')
    .select('body')
    .where('id', '=', approval.decision)
    .executeTakeFirstOrThrow();
  if (hasNewViolation(JSON.parse(base.body) as Decision, decision)) return 'newer rules found a new violation';
  if (signsLater) {
    await askToCarry(change, row.id);
    return undefined;
  }
  if (signer === undefined) return 'the rules changed, and this service has no key to sign a re-evaluation';
  const statement = createStatement('decision', {
    subjects: subjectsOf({ pinned: newer.pinned, tree: row.digest }),
    resourceUri: addressOf(newer.pinned, row.digest),
    action: decision.action,
    at: change.now,
    version: version(),
    policy: { name: decision.policy, digest: decision.policyDigest },
    inputs: [
      { name: 'approval', digest: digestOf(approval.attestation) },
      { name: 'ruleset', uri: `urn:assay:ruleset:${encodeURIComponent(ruleset.version)}`, digest: ruleset.digest },
    ],
  });
  const reevaluation = JSON.stringify(await signStatement(statement, signer));
  await change.db
    .updateTable('approvals')
    .set({
      state: 'carried',
      why: 'newer rules found no new violation',
      reevaluation,
      held_policy: decision.policyDigest,
      held_ruleset_version: ruleset.version,
      held_ruleset_digest: ruleset.digest,
    })
    .where('id', '=', approval.id)
    .execute();
  change.record('approval.carried', labelOf(row), {
    approval: approval.id,
    stage: approval.stage,
    policyDigest: decision.policyDigest,
    ruleset,
    reevaluation: digestOf(reevaluation),
  });
  return undefined;
}

export async function voidApproval(
  change: Change,
  { id, stage }: Pick<ApprovalRow, 'id' | 'stage'>,
  version: VersionRow,
  why: string,
): Promise<void> {
  await change.db.updateTable('approvals').set({ state: 'void', why }).where('id', '=', id).execute();
  change.record('approval.void', labelOf(version), { approval: id, stage, why });
}

/** A pinned reference as an address, where one is; what no address may hold stands as `%XX`. */
function addressOf(pinned: string, digest: string): string {
  if (!isExact(pinned)) return `urn:assay:artifact:${digest}`;
  return pinned.replace(/[^!-~]|["<>\\^`{|}]/gu, (character) => encodeURIComponent(character));
}

/** `sha256:<hex>` of an attestation's bytes. */
export function digestOf(attestation: string): string {
  return `sha256:${createHash('sha256').update(attestation).digest('hex')}`;
}
