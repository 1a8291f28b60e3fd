import type { Ruleset, Signer } from '../../core/assessment/index.ts';
import type { RequiredSuite } from '../../core/behavior/index.ts';
import { isAssayError } from '../../core/index.ts';
import { signStatement, verifyAttestation } from '../../integrity/attestations/index.ts';
import { isSignatureError, readBundle } from '../../integrity/envelope/index.ts';
import {
  approvedBy,
  createStatement,
  POLICY,
  PREDICATE_TYPES,
  parseDigest,
  parseTime,
  RULESET,
  SUITE,
  subjectsOf,
  type VerificationResult,
} from '../../integrity/statements/index.ts';
import type { TrustFile } from '../../integrity/trust-file/index.ts';
import type { ApprovalMethod, Role } from '../api/index.ts';
import { nameOf } from '../names.ts';
import type { Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import type { RuledStage } from '../rules/index.ts';
import type { Context } from '../store/index.ts';

/** The object that an approver sees and approves. */
export interface Approvable {
  readonly stage: RuledStage;
  readonly digest: string;
  readonly pinned: string;
  readonly policy: { readonly name: string; readonly digest: string };
  readonly ruleset: Ruleset;
  /** The suite of tests that is asked of the model. */
  readonly suite: RequiredSuite | null;
}

/** A valid approval. */
export interface GivenApproval {
  readonly signer: string;
  readonly method: ApprovalMethod;
  /** The Sigstore bundle as JSON text. */
  readonly attestation: string;
  readonly until: Date | undefined;
  /** To the second. */
  readonly signedAt: Date;
}

/** CWE-770: no bundle with one statement and one chain is larger. */
const MAX_ATTESTATION = 1024 * 1024;

/** Signs for an approver with a session. @throws RegistryError `no-approval-key` */
export async function signForApprover(
  { signer }: Context,
  approvable: Approvable,
  { by, role, until, at }: { readonly by: Principal; readonly role: Role; readonly until?: Date; readonly at: Date },
): Promise<GivenApproval> {
  if (signer === undefined) {
    throw new RegistryError('no-approval-key', 'this service does not sign for approvers', {
      hint: 'sign the approval with a key of your own',
    });
  }
  const { stage, digest, pinned, policy, ruleset, suite } = approvable;
  const statement = createStatement('approval', {
    subjects: subjectsOf({ pinned, tree: digest }),
    stage,
    at,
    policy,
    ruleset,
    suite,
    approver: { method: 'service', subject: by.subject, role, ...(by.issuer === null ? {} : { issuer: by.issuer }) },
    ...(until === undefined ? {} : { until }),
  });
  const attestation = JSON.stringify(await signStatement(statement, signer));
  return {
    signer: nameOf(by),
    method: 'service',
    attestation,
    until: approvedBy(statement.predicate.properties)?.until,
    signedAt: signedAt(statement.predicate),
  };
}

/**
 * Verifies an approval that the approver signed: by the trust file, for these bytes, this stage, this policy and ruleset.
 * @throws RegistryError `no-trust`, `bad-attestation`
 */
export async function verifyApproval(
  { trust }: Context,
  attestation: string,
  approvable: Approvable,
  role: Role,
  now: Date,
): Promise<GivenApproval> {
  if (trust === undefined) {
    throw new RegistryError('no-trust', 'no trust file says who can sign approvals', { hint: 'configure one' });
  }
  if (attestation.length > MAX_ATTESTATION) throw bad('it has more than 1 MiB');
  const { statement, signer, rule } = await verified(attestation, trust, approvable, now);
  if (rule.roles !== undefined && !rule.roles.includes(role)) {
    throw bad(`"${rule.name}" approves as ${rule.roles.join(' or ')}, not as ${role}`);
  }
  if (statement.predicateType !== PREDICATE_TYPES.approval) throw bad('it is not an approval');
  const { predicate } = statement;
  if (predicate.approver !== undefined) throw bad('it was signed for another person, not by the approver');
  checkBinding(predicate, approvable);
  const until = approvedBy(predicate.properties)?.until;
  return { ...approvalSigner(signer), attestation, until, signedAt: signedAt(predicate) };
}

/** The time for comparisons with the log of approvals; an invalid time counts as long ago. */
function signedAt({ timeCreated }: VerificationResult): Date {
  return new Date(Math.floor((parseTime(timeCreated) ?? 0) / 1000) * 1000);
}

async function verified(attestation: string, trust: TrustFile, { stage, digest }: Approvable, now: Date) {
  try {
    const bundle = readBundle(Buffer.from(attestation), 'the approval');
    const subject = parseDigest(digest, 'the digest');
    return await verifyAttestation(bundle, trust, { kind: 'approval', stage, subject, now });
  } catch (error) {
    if (isSignatureError(error) || isAssayError(error)) throw bad(error.message, error);
    throw error;
  }
}

function checkBinding({ verifier }: VerificationResult, { policy, ruleset, suite }: Approvable): void {
  for (const [name, digest] of [
    [POLICY, policy.digest],
    [RULESET, ruleset.digest],
    [SUITE, suite?.digest],
  ] as const) {
    const named = verifier.policies.filter((descriptor) => descriptor.name === name);
    if (digest === undefined) {
      if (named.length === 0) continue;
      throw bad(`it names a ${name}, and none is asked of the model`);
    }
    const { hex } = parseDigest(digest, name);
    const [first] = named;
    if (named.length === 1 && first?.digest?.sha256 === hex) continue;
    throw bad(named.length === 0 ? `it names no ${name}` : `its ${name} is not ${digest}`);
  }
}

/** As the audit log and records name a signer. */
export function approvalSigner(signer: Signer): { readonly signer: string; readonly method: ApprovalMethod } {
  switch (signer.kind) {
    case 'key':
      return { signer: signer.keyHint, method: 'key' };
    case 'certificate':
      return { signer: `${signer.subject} (${signer.sha256})`, method: 'certificate' };
    case 'sigstore':
      return { signer: `${signer.identity} (${signer.issuer})`, method: 'keyless' };
  }
}

function bad(why: string, cause?: unknown): RegistryError {
  return new RegistryError('bad-attestation', `the approval is not valid: ${why}`, {
    hint: 'sign the digest, stage, policy, ruleset and suite of the transition',
    ...(cause === undefined ? {} : { cause }),
  });
}
