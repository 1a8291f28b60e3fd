import type { Selectable } from 'kysely';
import type { Approval } from '../../policy/index.ts';
import type { ApprovalMethod, ApprovalRecord, Role, Stage } from '../api/index.ts';
import type { StageRules } from '../registry.ts';
import type { Reader, Tables } from '../store/index.ts';
import { suiteIn } from './suites.ts';

export type ApprovalRow = Selectable<Tables['approvals']>;

export function approvalOfRow(row: ApprovalRow): ApprovalRecord {
  return {
    id: row.id,
    version: row.version,
    stage: row.stage as Stage,
    digest: row.digest,
    policyDigest: row.policy_digest,
    ruleset: { version: row.ruleset_version, digest: row.ruleset_digest },
    suite: suiteIn(row),
    role: row.role as Role,
    signer: row.signer,
    method: row.method as ApprovalMethod,
    attestation: row.attestation,
    reevaluation: row.reevaluation,
    at: row.at,
    until: row.until,
    state: row.state as ApprovalRecord['state'],
    why: row.why,
  };
}

export async function approvalRows(db: Reader, version: string): Promise<ApprovalRow[]> {
  return db.selectFrom('approvals').selectAll().where('version', '=', version).orderBy('seq').execute();
}

/** Whether it was not revoked and has not expired. */
export function isLive({ state, until }: ApprovalRow, now: Date): boolean {
  return (state === 'valid' || state === 'carried') && (until === null || now < new Date(until));
}

/** Whether the stage accepts the signing method of the approver. */
export function isAccepted({ method }: { readonly method: string }, { methods }: StageRules): boolean {
  return methods.length === 0 || methods.some((accepted) => accepted === method);
}

/** How many more approvals of which role are needed. Nobody counts twice. */
export function stillNeeded(
  wanted: StageRules['approvals'],
  given: readonly ApprovalRow[],
): { readonly role: Role; readonly count: number }[] {
  return wanted.flatMap(({ role, count }) => {
    const people = new Set(given.filter((approval) => approval.role === role).map(({ voter_key }) => voter_key));
    return people.size < count ? [{ role, count: count - people.size }] : [];
  });
}

const METHODS = { key: 'key', certificate: 'certificate', keyless: 'sigstore', service: 'service' } as const;

/** The approval in the form that policies use. */
export function policyApproval(row: ApprovalRow): Approval {
  return {
    stage: row.stage,
    signer: row.signer,
    method: METHODS[row.method as ApprovalMethod],
    at: row.at,
    digest: row.digest,
  };
}
