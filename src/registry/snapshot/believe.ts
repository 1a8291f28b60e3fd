import type { Signer, Waiver } from '../../core/assessment/index.ts';
import type { AttestedTests } from '../../core/behavior/index.ts';
import { isAssayError } from '../../core/index.ts';
import { testsOf, type VerifiedAttestation, verifyAttestation, waiverOf } from '../../integrity/attestations/index.ts';
import { isSignatureError, keyHint, readBundle } from '../../integrity/envelope/index.ts';
import {
  approvedBy,
  type ImagePredicate,
  POLICY,
  PREDICATE_TYPES,
  parseDigest,
  parseTime,
  type ResourceDescriptor,
  RULESET,
  type Statements,
  SUITE,
  type VerificationResult,
} from '../../integrity/statements/index.ts';
import type { TrustFile, TrustRule } from '../../integrity/trust-file/index.ts';
import type { ApprovalMethod, ApprovalRecord, ApprovedImage, StoredWaiver } from '../api/index.ts';
import { digestOf } from '../decisions/index.ts';
import { digestOfStatement } from '../statements/index.ts';
import type { Voice } from './quorum.ts';

/** The required subject of an approval. */
export interface SignedClaim {
  readonly digest: string;
  readonly stage: string;
  readonly policyDigest: string;
  readonly rulesetDigest: string;
  /** Of the suite of tests that is asked of the model; `undefined` for none. */
  readonly suiteDigest: string | undefined;
}

/** An approval that its signature proves. */
export interface Believed extends Voice {
  readonly method: ApprovalMethod;
  /** As the audit log names the approver. */
  readonly signer: string;
  /** Milliseconds since 1970, to the second. */
  readonly signedAt: number;
}

/** A waiver that its signature proves, as it was signed. */
export interface BelievedWaiver {
  readonly waiver: Waiver;
  readonly method: ApprovalMethod;
  /** `sha256:<hex>` of what was signed, as the audit log names it. */
  readonly statement: string;
}

/** An approval of an image that its signature proves, as it was signed. */
export interface BelievedImage {
  readonly predicate: ImagePredicate;
  /** `sha256:<hex>` of what was signed, as the audit log names it. */
  readonly statement: string;
}

/** CWE-770: no bundle with one statement and one chain is larger. */
const MAX_BUNDLE = 1024 * 1024;

/** Verifies the stored approvals of a registry by a trust file outside of it. Only the signed bytes are trusted. */
export class Believer {
  readonly #trust: TrustFile;
  readonly #machines: ReadonlySet<string>;

  constructor(trust: TrustFile) {
    this.#trust = trust;
    this.#machines = new Set(trust.rules.filter(isMachine).map(({ trust: who }) => identityOf(who)));
  }

  /** @returns a sentence when it does not count */
  async believe(record: ApprovalRecord, claim: SignedClaim, now: Date): Promise<Believed | string> {
    const read = await this.#verified(record.attestation, 'approval', claim, now);
    if (typeof read === 'string') return read;
    const { statement, signer, rule } = read;
    if (statement.predicateType !== PREDICATE_TYPES.approval) return 'it is not an approval';
    const { predicate } = statement;
    const who = this.#approver(predicate, signer, rule);
    if (typeof who === 'string') return who;
    const other = otherSuite(predicate.verifier.policies, claim);
    if (other !== undefined) return other;
    const behind = bindingOf(predicate.verifier.policies, claim);
    if (behind !== undefined) {
      const carried = await this.#carried(record, claim, now);
      if (carried !== undefined) return `${behind}, and ${carried}`;
    }
    const until = approvedBy(predicate.properties)?.until?.getTime();
    return { ...who, until, signedAt: Math.floor((parseTime(predicate.timeCreated) ?? 0) / 1000) * 1000 };
  }

  /** A waiver that its signature proves. @returns a sentence when it does not count */
  async believeWaiver({ attestation }: StoredWaiver, digest: string, now: Date): Promise<BelievedWaiver | string> {
    if (attestation === null) return 'it is not signed: grant it again';
    const read = await this.#verified(attestation, 'waiver', { digest }, now);
    if (typeof read === 'string') return read;
    const { statement, signer, rule } = read;
    const waiver = waiverOf(read);
    if (statement.predicateType !== PREDICATE_TYPES.waiver || waiver?.digest !== digest)
      return 'it is not a waiver of it';
    const isMachine = this.#machines.has(identityOf(rule.trust));
    const isForSomebody = statement.predicate.approver !== undefined;
    if (isMachine && !isForSomebody) return `"${rule.name}" signs for the service, but the waiver names no person`;
    if (isForSomebody && !isMachine) return mayNotSignForOthers(rule);
    return {
      waiver,
      method: isForSomebody ? 'service' : METHODS[signer.kind],
      statement: digestOfStatement(attestation),
    };
  }

  /** The approval of an image that its signature proves. @returns a sentence when it does not count */
  async believeImage({ digest, attestation }: ApprovedImage, now: Date): Promise<BelievedImage | string> {
    const read = await this.#verified(attestation, 'image', { digest }, now);
    if (typeof read === 'string') return read;
    const { statement, rule } = read;
    if (statement.predicateType !== PREDICATE_TYPES.image || !statement.predicate.image.endsWith(`@${digest}`))
      return 'it is not an approval of it';
    if (this.#machines.has(identityOf(rule.trust))) return `"${rule.name}" signs for the service, but names no person`;
    return { predicate: statement.predicate, statement: digestOfStatement(attestation) };
  }

  /** Tests that their signature proves. @returns a sentence when they do not count */
  async believeTests(
    attestation: string,
    now: Date,
  ): Promise<{ readonly tests: AttestedTests; readonly statement: string } | string> {
    if (attestation.length > MAX_BUNDLE) return 'it has more than 1 MiB';
    try {
      const bundle = readBundle(Buffer.from(attestation), 'the tests');
      const verified = await verifyAttestation(bundle, this.#trust, { kind: 'tests', now });
      const statement = digestOfStatement(attestation);
      const tests = testsOf(verified, statement);
      return tests === undefined ? 'it does not name a model' : { tests, statement };
    } catch (error) {
      if (isSignatureError(error) || isAssayError(error)) return error.message;
      throw error;
    }
  }

  /**
   * The approver: the signer, or the user for whom the service signed. A key that signs for others is never itself an approver.
   */
  #approver(
    { approver }: VerificationResult,
    signer: Signer,
    rule: TrustRule,
  ): Omit<Believed, 'until' | 'signedAt'> | string {
    const isMachine = this.#machines.has(identityOf(rule.trust));
    if (approver === undefined) {
      if (isMachine) return `"${rule.name}" signs for the service, but the approval names no person`;
      const name = nameOf(signer);
      return { method: METHODS[signer.kind], signer: name, person: `${signer.kind}:${name}`, ...rolesOf(rule) };
    }
    if (!isMachine) return mayNotSignForOthers(rule);
    const { subject, issuer, role } = approver;
    if (role === undefined) return 'it names no role of the approver';
    const allowed = rule.roles === undefined || rule.roles.includes(role);
    if (!allowed) return `"${rule.name}" may not sign for a ${role}`;
    const name = issuer === undefined ? subject : `${subject} (${issuer})`;
    return { method: 'service', signer: name, person: `service:${name}`, roles: [role] };
  }

  /** Why a signed re-evaluation does not support an approval. */
  async #carried(
    { attestation, reevaluation }: ApprovalRecord,
    claim: SignedClaim,
    now: Date,
  ): Promise<string | undefined> {
    if (reevaluation === null) return 'it has no signed re-evaluation';
    const read = await this.#verified(reevaluation, 'decision', claim, now);
    if (typeof read === 'string') return `its re-evaluation is not accepted: ${read}`;
    const { statement } = read;
    if (statement.predicateType !== PREDICATE_TYPES.decision) return 'its re-evaluation is not a decision';
    return carryProblem(statement, attestation, claim);
  }

  async #verified(
    text: string,
    kind: 'approval' | 'decision' | 'waiver' | 'image',
    { digest, stage }: Pick<SignedClaim, 'digest'> & Partial<SignedClaim>,
    now: Date,
  ): Promise<VerifiedAttestation | string> {
    if (text.length > MAX_BUNDLE) return 'it has more than 1 MiB';
    try {
      const subject = parseDigest(digest, 'the digest');
      const wanted = { kind, subject, now, ...(kind === 'approval' && stage !== undefined ? { stage } : {}) };
      return await verifyAttestation(readBundle(Buffer.from(text), `the ${kind}`), this.#trust, wanted);
    } catch (error) {
      if (isSignatureError(error) || isAssayError(error)) return error.message;
      throw error;
    }
  }
}

function carryProblem(
  { predicate }: Statements['decision'],
  attestation: string,
  claim: SignedClaim,
): string | undefined {
  const inputs = predicate.inputAttestations ?? [];
  if (predicate.verificationResult !== 'PASSED') return 'its re-evaluation denies it';
  if (`sha256:${predicate.policy.digest?.sha256}` !== claim.policyDigest)
    return 'its re-evaluation used another policy';
  if (!isNamed(inputs, 'approval', digestOf(attestation))) return 'its re-evaluation covers another approval';
  return isNamed(inputs, RULESET, claim.rulesetDigest) ? undefined : 'its re-evaluation used another ruleset';
}

function bindingOf(policies: readonly ResourceDescriptor[], claim: SignedClaim): string | undefined {
  if (!isNamed(policies, POLICY, claim.policyDigest)) return 'it was given under another policy';
  return isNamed(policies, RULESET, claim.rulesetDigest) ? undefined : 'it was given under another ruleset';
}

/** An approval counts while the suite that its approver saw is asked for; who saw none relied on none. */
function otherSuite(policies: readonly ResourceDescriptor[], { suiteDigest }: SignedClaim): string | undefined {
  if (policies.every(({ name }) => name !== SUITE)) return undefined;
  if (suiteDigest !== undefined && isNamed(policies, SUITE, suiteDigest)) return undefined;
  return 'it was given when another suite of tests was asked of the model';
}

/** Whether exactly one descriptor has the name, and it has the digest. */
function isNamed(descriptors: readonly ResourceDescriptor[], name: string, digest: string): boolean {
  const named = descriptors.filter((one) => one.name === name);
  return named.length === 1 && `sha256:${named[0]?.digest?.sha256}` === digest;
}

/** A signer of decisions or scans is a program: it signs approvals for users. */
function isMachine({ may }: TrustRule): boolean {
  return may.has('decision') || may.has('scan');
}

function mayNotSignForOthers({ name }: TrustRule): string {
  return `"${name}" may not sign for others without the right to sign decisions`;
}

function rolesOf({ roles }: TrustRule): { readonly roles?: readonly string[] } {
  return roles === undefined ? {} : { roles };
}

const METHODS = { key: 'key', certificate: 'certificate', sigstore: 'keyless' } as const;

/** As `approval.given` names the signer in the audit log. */
function nameOf(signer: Signer): string {
  switch (signer.kind) {
    case 'key':
      return signer.keyHint;
    case 'certificate':
      return `${signer.subject} (${signer.sha256})`;
    case 'sigstore':
      return `${signer.identity} (${signer.issuer})`;
  }
}

function identityOf(trust: TrustRule['trust']): string {
  switch (trust.kind) {
    case 'key':
      return keyHint(trust.key);
    case 'certificate':
      return `${trust.anchors.map(({ fingerprint256 }) => fingerprint256).join()} ${trust.identity ?? ''}`;
    case 'keyless':
      return `${trust.identity.issuer} ${trust.identity.identity}`;
  }
}
