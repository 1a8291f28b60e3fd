import type { TestReport } from '../../core/behavior/index.ts';
import type { Conversion, ConvertedFile } from '../../core/conversion/index.ts';
import type { DataCheck, DataReport } from '../../core/data/index.ts';
import type { ImageFacts, ImageRole } from '../../core/image/index.ts';
import type { TrainingPredicate } from '../../core/lineage/index.ts';
import type { ResourceDescriptor, Subject } from './subject.ts';

/** https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';

/** The kinds of attestation, with their predicate types. */
export const PREDICATE_TYPES = {
  /** https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md */
  scan: 'https://in-toto.io/attestation/test-result/v0.1',
  /** https://cyclonedx.org/specification/overview: a bill of materials; recognised, not judged. */
  'ml-bom': 'https://cyclonedx.org/bom',
  /** https://github.com/in-toto/attestation/blob/main/spec/predicates/svr.md */
  approval: 'https://in-toto.io/attestation/svr/v0.2',
  waiver: 'https://assay.dev/attestation/waiver/v1',
  'break-glass': 'https://assay.dev/break-glass/v1',
  baseline: 'https://assay.dev/attestation/baseline/v1',
  image: 'https://assay.dev/attestation/image/v1',
  conversion: 'https://assay.dev/attestation/conversion/v1',
  tests: 'https://assay.dev/attestation/tests/v1',
  data: 'https://assay.dev/attestation/data/v1',
  /** https://slsa.dev/spec/v1.1/provenance, of the build type of training runs alone. */
  training: 'https://slsa.dev/provenance/v1',
  /** https://slsa.dev/spec/v1.1/verification_summary */
  decision: 'https://slsa.dev/verification_summary/v1',
  /** https://github.com/ossf/model-signing-spec: its resources are read elsewhere. */
  'model-signature': 'https://model_signing/signature/v1.0',
} as const;

export type AttestationKind = keyof typeof PREDICATE_TYPES;

/** The verifier of decisions: their signers are trusted for this verifier only. */
export const ASSAY_VERIFIER = 'https://assay.dev/verifier';
/** The verifier of approvals; another version would mean that an approval has another meaning. */
export const APPROVAL_VERIFIER = 'https://assay.dev/approval/v1';

/** Names of the descriptors for the applied ruleset and policy, and for the suite of tests that was asked for. */
export const POLICY = 'policy';
export const RULESET = 'ruleset';
export const SUITE = 'suite';

/** Scan evidence: the results of the checks of one scan. */
export interface TestResult {
  readonly result: 'PASSED' | 'WARNED' | 'FAILED';
  /** The ruleset and the policy. */
  readonly configuration: readonly ResourceDescriptor[];
  /** Of the run. */
  readonly url?: string;
  /** Ids of checks. What was not assessed is in no list. */
  readonly passedTests?: readonly string[];
  readonly warnedTests?: readonly string[];
  readonly failedTests?: readonly string[];
}

/** A user with a session of a service, for whom the service signed. */
export interface ServiceApprover {
  readonly method: 'service';
  /** Of the OIDC token; absent when it was a token of the service's own. */
  readonly issuer?: string;
  readonly subject: string;
  /** In which he approved. */
  readonly role?: string;
}

/** An approval. The signer is the approver, unless it names an approver. */
export interface VerificationResult {
  readonly verifier: {
    readonly id: string;
    /** The policy and the ruleset under which the artifact was judged; empty when they are not stated. */
    readonly policies: readonly ResourceDescriptor[];
  };
  readonly timeCreated: string;
  /**
   * Exactly one of `ASSAY_APPROVED_FOR_<STAGE>` and `ASSAY_APPROVED_FOR_<STAGE>_UNTIL_<time>`: the end of an approval is part of
   * the property, so a reader that does not know expiries sees no approval at all.
   */
  readonly properties: readonly string[];
  /** Of an approval that a service signed for somebody. */
  readonly approver?: ServiceApprover;
}

/**
 * One rule is waived for one artifact, until a day. A malicious verdict cannot be waived: policies disregard any waiver of
 * it, and none is made or read here.
 */
export interface WaiverPredicate {
  /** Of a policy or of the catalogue. */
  readonly rule: string;
  /** The only file that it holds for, by its path within the artifact; all, when absent. */
  readonly file?: string;
  readonly reason: string;
  readonly owner: string;
  readonly timeCreated: string;
  readonly expires: string;
  /** Of a waiver that a service signed for somebody. */
  readonly approver?: ServiceApprover;
}

/** The outcomes that the admission webhook may admit in an emergency. A deny decision on a model is never waived. */
export const BREAK_GLASS_OUTCOMES = [
  'unlisted',
  'unresolved',
  'unpinned',
  'unverified',
  'none',
  'policy',
  'expired',
] as const;
export type BreakGlassOutcome = (typeof BREAK_GLASS_OUTCOMES)[number];

/** The longest validity of an emergency waiver. */
export const BREAK_GLASS_HOURS = 72;

/** Admits workloads of some namespaces without a decision, for hours. Its subjects are the namespaces. */
export interface BreakGlassPredicate {
  /** Names, each exact. */
  readonly namespaces: readonly string[];
  /** The only reference that it holds for; `null`: only for workloads that name no model, or do not say which. */
  readonly reference: string | null;
  readonly outcomes: readonly BreakGlassOutcome[];
  readonly reason: string;
  readonly owner: string;
  readonly timeCreated: string;
  /** At most `BREAK_GLASS_HOURS` later. */
  readonly expires: string;
}

/** The longest validity of a baseline. */
export const BASELINE_DAYS = 180;

/** What ran in a cluster when enforcement began, and goes on until a day. Its subject is the digest of the list. */
export interface BaselinePredicate {
  /** SHA-256 in hex of what a Pod template runs in its namespace, sorted, each once. */
  readonly templates: readonly string[];
  readonly reason: string;
  readonly owner: string;
  readonly timeCreated: string;
  /** At most `BASELINE_DAYS` later. */
  readonly expires: string;
}

/**
 * An approval of a container image, with what it starts by itself: its subject is the manifest, or the index, by its digest. It holds for
 * every stage: what runs beside a model says nothing of the model.
 */
export interface ImagePredicate {
  /** `oci://registry/repository@sha256:<hex>` */
  readonly image: string;
  /** The tag that named it when it was approved. */
  readonly tag?: string;
  readonly as: ImageRole;
  readonly facts: ImageFacts;
  /** `linux/amd64` */
  readonly platforms: readonly string[];
  readonly reason: string;
  readonly timeCreated: string;
  /** Absent where it does not end by itself. */
  readonly expires?: string;
}

/**
 * A conversion: the subjects are the written files, each by its path and its SHA-256, and this says what they were made from, by what,
 * and how that was verified.
 */
export interface ConversionPredicate extends Pick<Conversion, 'tool' | 'target' | 'salvaged' | 'sandbox' | 'source'> {
  readonly ruleset: ResourceDescriptor;
  readonly timeCreated: string;
  /** Each subject that is a model or holds tensors; indexes are subjects alone. */
  readonly files: readonly Pick<ConvertedFile, 'path' | 'from' | 'verification'>[];
}

/**
 * Tests of behaviour: the subjects are the file of the model and those of its tensors, each by its path and its SHA-256, and this says
 * what was asked of it, with what data, where it ran, and what was measured.
 */
export interface TestsPredicate
  extends Pick<TestReport, 'tool' | 'data' | 'baseline' | 'models' | 'device' | 'rowsAtOnce' | 'status' | 'tests'> {
  /** The pinned reference of the artifact. */
  readonly artifact: string;
  /** Of the first subject. */
  readonly model: string;
  readonly suite: Omit<TestReport['suite'], 'path'>;
  readonly timeCreated: string;
}

/**
 * Checks of training data: the subjects are the files of the data, each by its SHA-256, and this says which columns were looked at, what
 * each check said, and which profile the data has. It holds no row and no value of the data.
 */
export interface DataPredicate extends Pick<DataReport, 'tool' | 'engine' | 'columns' | 'rows' | 'status'> {
  /** The profile that the data was compared with. */
  readonly baseline: Omit<NonNullable<DataReport['baseline']>, 'path'> | null;
  readonly checks: readonly Pick<DataCheck, 'id' | 'weight' | 'status'>[];
  /** The bytes of the profile that `--profile-out` wrote: 64 hex digits. */
  readonly profile: { readonly sha256: string };
  readonly timeCreated: string;
}

/** A decision, as a SLSA verification summary. */
export interface VerificationSummary {
  readonly verifier: { readonly id: string; readonly version?: Readonly<Record<string, string>> };
  readonly timeVerified: string;
  /** The pinned reference. */
  readonly resourceUri: string;
  /** Has a `uri`. */
  readonly policy: ResourceDescriptor;
  /** All evidence that was used; each has a `digest`. */
  readonly inputAttestations?: readonly ResourceDescriptor[];
  readonly verificationResult: 'PASSED' | 'FAILED';
  readonly verifiedLevels: readonly string[];
  readonly dependencyLevels?: Readonly<Record<string, number>>;
  readonly slsaVersion?: string;
}

interface StatementOf<K extends AttestationKind, P> {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly Subject[];
  readonly predicateType: (typeof PREDICATE_TYPES)[K];
  readonly predicate: P;
}

/** The statement of each kind, as it stands in the signed JSON. */
export interface Statements {
  readonly scan: StatementOf<'scan', TestResult>;
  readonly 'ml-bom': StatementOf<'ml-bom', Readonly<Record<string, unknown>>>;
  readonly approval: StatementOf<'approval', VerificationResult>;
  readonly waiver: StatementOf<'waiver', WaiverPredicate>;
  readonly 'break-glass': StatementOf<'break-glass', BreakGlassPredicate>;
  readonly baseline: StatementOf<'baseline', BaselinePredicate>;
  readonly image: StatementOf<'image', ImagePredicate>;
  readonly conversion: StatementOf<'conversion', ConversionPredicate>;
  readonly tests: StatementOf<'tests', TestsPredicate>;
  readonly data: StatementOf<'data', DataPredicate>;
  readonly training: StatementOf<'training', TrainingPredicate>;
  readonly decision: StatementOf<'decision', VerificationSummary>;
  readonly 'model-signature': StatementOf<'model-signature', Readonly<Record<string, unknown>>>;
}

export type Statement = Statements[AttestationKind];

const KIND_OF: Readonly<Record<Statement['predicateType'], AttestationKind>> = {
  [PREDICATE_TYPES.scan]: 'scan',
  [PREDICATE_TYPES['ml-bom']]: 'ml-bom',
  [PREDICATE_TYPES.approval]: 'approval',
  [PREDICATE_TYPES.waiver]: 'waiver',
  [PREDICATE_TYPES['break-glass']]: 'break-glass',
  [PREDICATE_TYPES.baseline]: 'baseline',
  [PREDICATE_TYPES.image]: 'image',
  [PREDICATE_TYPES.conversion]: 'conversion',
  [PREDICATE_TYPES.tests]: 'tests',
  [PREDICATE_TYPES.data]: 'data',
  [PREDICATE_TYPES.training]: 'training',
  [PREDICATE_TYPES.decision]: 'decision',
  [PREDICATE_TYPES['model-signature']]: 'model-signature',
};

export function statementKindOf({ predicateType }: Statement): AttestationKind {
  return KIND_OF[predicateType];
}

export function isKnownPredicate(predicateType: string): boolean {
  return Object.hasOwn(KIND_OF, predicateType);
}
