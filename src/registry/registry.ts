import type { Assessment, Ruleset, Waiver } from '../core/assessment/index.ts';
import type { RequiredSuite } from '../core/behavior/index.ts';
import type { CompiledPolicy } from '../policy/index.ts';
import type { AnswerStore } from './answer-records.ts';
import type {
  ApprovalRecord,
  ApprovedImage,
  AuditEntry,
  AuditVerdict,
  Costs,
  CreatedJob,
  CurrentDecision,
  DataBaselineRecord,
  Job,
  JobKind,
  JobProgress,
  JobState,
  Lineage,
  ModelSummary,
  Page,
  Role,
  Stage,
  StoredDecision,
  StoredWaiver,
  TestRun,
  TokenAnswer,
  Transition,
  Version,
  VersionTests,
} from './api/index.ts';
import type { BatchStore } from './batch-records.ts';
import type { AttemptCosts, KindTotals, UsageQuery, UsageSums } from './cost-records.ts';
import type { DataEnd, DataRun, JobFilter, KeptBaseline, NewJob, TestEnd } from './job-records.ts';
import type { KeptScan, Reuse, ScanInput } from './kept-records.ts';
import type { PageRequest, Principal, StoredAssessment } from './records.ts';
import type { WebhookStore } from './webhook-records.ts';

/** The requirements of the organisation for a version at a stage. */
export interface StageRules {
  /** Applied to the assessment with the stage as environment. */
  readonly policy: CompiledPolicy;
  /** Approvals of that many distinct people of each role. */
  readonly approvals: readonly { readonly role: Role; readonly count: number }[];
  /** The signing methods that an approver may use; any, when empty. */
  readonly methods: readonly ApprovalRecord['method'][];
}

export interface RegistryRules extends Readonly<Record<'candidate' | 'staging' | 'production', StageRules>> {
  /** The suites of tests that are asked for, by the name of the model. */
  readonly suites: ReadonlyMap<string, RequiredSuite>;
}

/** A new assessment of bytes, which is stored under their version. */
export interface Registration {
  /** `owner/model`. */
  readonly model: string;
  /** Has a digest, or it is refused. */
  readonly assessment: Assessment;
  readonly lineage?: Lineage;
  /** The job that ends with it, and registers nothing else. */
  readonly job?: string;
  /** Of a scan of a worker: by it the result is found, and taken again for the same bytes. */
  readonly scan?: ScanInput;
  /** The folder of what the job wrote: the job has it from then on. */
  readonly output?: string;
  /** A version that is new is quarantined at once, for this reason: nothing decides for it before people do. */
  readonly quarantine?: string;
}

export interface Registered {
  readonly version: Version;
  /** The bytes were not known before. */
  readonly created: boolean;
  readonly assessment: StoredAssessment;
  /** For `candidate`. */
  readonly decision: StoredDecision;
  /** Bytes of the assessment as it is kept. */
  readonly storedBytes: number;
}

export interface Ballot {
  readonly vote: 'approve' | 'reject';
  readonly role: Role;
  readonly comment: string;
  /** The signed approval, when the approver signs it: a Sigstore bundle as JSON text. */
  readonly attestation?: string;
  /** End of the approval. */
  readonly until?: Date;
  /** For an approval: what the voter saw. An approval of anything else is refused. */
  readonly seen?: Seen;
}

/** The object of an approval: each part is compared with the current state when the vote is counted. */
export interface Seen {
  /** Id of the decision for the stage: another assessment, policy or outcome is another decision. */
  readonly decision?: string;
  /** `sha256:<hex>` of the bytes. */
  readonly digest?: string;
  readonly policyDigest?: string;
  readonly rulesetDigest?: string;
}

/** A rule that denies a version for a stage, whoever approves it. */
export interface RefusedStage {
  readonly stage: 'candidate' | 'staging' | 'production';
  readonly rule: string;
  readonly message: string;
  /** What to do, as a sentence without its end. */
  readonly next: string;
  readonly isWaivable: boolean;
}

/** A model at a number, a digest or an alias. */
export type VersionName = { readonly model: string } & (
  | { readonly number: number }
  | { readonly digest: string }
  | { readonly alias: string }
);

/** A question for the current decision: by a digest, or by a pinned reference. */
export type DecisionQuery = { readonly digest: string } | { readonly ref: string };

/** A request for a waiver. */
export interface WaiverRequest extends Omit<Waiver, 'from'> {
  /** The signed waiver, when its granter signs it: a Sigstore bundle as JSON text. */
  readonly attestation?: string;
}

/** A token with its owner. */
export interface ApiToken extends TokenAnswer {
  readonly tenant: string;
}

/**
 * Models, versions, approvals and the audit log, of tenants that cannot see each other: each method acts within the tenant of
 * its principal. Each that changes something writes the change and its audit entry in one transaction, or neither.
 * All @throws RegistryError with a stable code.
 */
export interface Registry {
  /**
   * Stores an assessment: of a new version, or again of a known one. Decides again for every stage. A job that is running
   * does so once: the second time it is given what the first has stored.
   */
  register(by: Principal, registration: Registration): Promise<Registered>;
  /** Scans of the tenant whose result holds for these files, if their bytes are the same. @param maxAgeMs how old they may be */
  keptScans(by: Principal, input: ScanInput, maxAgeMs: number): Promise<readonly KeptScan[]>;
  /** Registers by the result of a kept scan, and decides again. @throws RegistryError `conflict` when it can no longer be taken */
  registerKept(by: Principal, reuse: Reuse): Promise<Registered>;
  models(
    by: Principal,
    page?: PageRequest & { readonly stage?: Stage; readonly search?: string },
  ): Promise<Page<ModelSummary>>;
  model(by: Principal, name: string): Promise<ModelSummary>;
  versions(by: Principal, model: string, page?: PageRequest): Promise<Page<Version>>;
  version(by: Principal, name: VersionName | { readonly id: string }): Promise<Version>;
  /** Of any model of the tenant. */
  versionsOf(by: Principal, query: DecisionQuery): Promise<readonly Version[]>;
  /** The newest first; 100 when nobody asks for less. */
  assessments(by: Principal, version: string, most?: number): Promise<readonly StoredAssessment[]>;
  /** The newest for each stage. */
  decisions(by: Principal, version: string): Promise<readonly StoredDecision[]>;
  /** The hot path of the Hub proxy: answered from an index, without reading an assessment. */
  currentDecisions(by: Principal, query: DecisionQuery): Promise<readonly CurrentDecision[]>;

  setAlias(by: Principal, model: string, alias: string, number: number | null): Promise<void>;

  transitions(
    by: Principal,
    filter?: PageRequest & { readonly version?: string; readonly state?: Transition['state'] },
  ): Promise<Page<Transition>>;
  transition(by: Principal, id: string): Promise<Transition>;
  requestTransition(by: Principal, version: string, to: Stage, comment: string): Promise<Transition>;
  /** Stages for which a request would be refused now, whoever approves. */
  refusedStages(by: Principal, version: string): Promise<readonly RefusedStage[]>;
  /** The last needed approval moves the version. Who asked may not vote, nobody twice. */
  vote(by: Principal, transition: string, ballot: Ballot): Promise<Transition>;
  withdraw(by: Principal, transition: string): Promise<Transition>;
  quarantine(by: Principal, version: string, reason: string): Promise<Version>;
  retire(by: Principal, version: string, reason: string): Promise<Version>;

  approvals(by: Principal, version: string): Promise<readonly ApprovalRecord[]>;
  revoke(by: Principal, approval: string, reason: string): Promise<ApprovalRecord>;

  waivers(by: Principal, page?: PageRequest): Promise<Page<StoredWaiver>>;
  /** The waivers for a digest that were not revoked, including expired ones. */
  waiversFor(by: Principal, digest: string): Promise<readonly StoredWaiver[]>;
  /** Signed by the user who waives, or for that user. Decides every version of the digest again. */
  addWaiver(by: Principal, request: WaiverRequest): Promise<StoredWaiver>;
  revokeWaiver(by: Principal, id: string): Promise<StoredWaiver>;
  /** Approvals of container images, also revoked ones, the oldest first. */
  imageApprovals(by: Principal, page?: PageRequest): Promise<Page<ApprovedImage>>;
  /** Keeps an approval that its approver signed: a Sigstore bundle as JSON text. */
  approveImage(by: Principal, attestation: string): Promise<ApprovedImage>;
  revokeImage(by: Principal, id: string, reason: string): Promise<ApprovedImage>;

  /** The suite that is asked of a version, its attested runs, and whether they fulfil what is asked. */
  versionTests(by: Principal, version: string): Promise<VersionTests>;
  /** The signed runs of a version that nobody revoked: Sigstore bundles as JSON text. */
  testAttestations(
    by: Principal,
    version: string,
  ): Promise<readonly { readonly id: string; readonly attestation: string }[]>;
  /** Verified by the trust file; it is about a model of the version. Decides the version again. */
  addTestRun(by: Principal, version: string, attestation: string): Promise<TestRun>;
  revokeTestRun(by: Principal, run: string, reason: string): Promise<TestRun>;

  /** Keeps the profile of checked data with a version that was trained on it: the baseline of later data of the model. */
  keepDataBaseline(
    by: Principal,
    of: { readonly version: string; readonly job: string; readonly profile: string },
  ): Promise<DataBaselineRecord>;
  /** The newest profile that was kept with a version. */
  dataBaseline(by: Principal, version: string): Promise<KeptBaseline | undefined>;

  /** Decides every stored version again (rules, policies or waivers changed); carries approvals over or voids them. */
  reevaluate(
    by: Principal,
    options?: {
      readonly signal?: AbortSignal;
      /** The ruleset of now: versions that were assessed under another are in `rescan`. */
      readonly ruleset?: Ruleset;
      /** Only this version. */
      readonly version?: string;
    },
  ): Promise<Reevaluation>;

  auditLog(by: Principal, page?: PageRequest & { readonly subject?: string }): Promise<Page<AuditEntry>>;
  /** The entries after `seq`, the oldest first: for those who follow the log. */
  auditSince(by: Principal, seq: number, limit: number): Promise<readonly AuditEntry[]>;
  /** `seq` of the newest entry; 0 when there is none. */
  auditHead(by: Principal): Promise<number>;
  /** Reads the whole chain, and holds all records against it. @param since a head that was kept elsewhere */
  verifyAuditLog(by: Principal, since?: { readonly seq: number; readonly hash: string }): Promise<AuditVerdict>;

  /** What jobs cost, by tenant, model or kind of job. */
  usage(by: Principal, query: UsageQuery): Promise<UsageSums>;

  /** Tells in the audit log what somebody did at a service. */
  note(by: Principal, action: NotedAction, subject: string, detail?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Of a console. @param until when it would have ended by itself */
  endSession(id: string, until: Date): Promise<void>;
  isSessionEnded(id: string): Promise<boolean>;

  createToken(
    by: Principal,
    token: {
      readonly name: string;
      readonly roles: readonly Role[];
      readonly expiresAt?: Date;
      /** The subject of the person that it belongs to, at the identity provider of tokens. */
      readonly ownedBy?: string;
    },
  ): Promise<{ readonly token: ApiToken; readonly secret: string }>;
  tokens(by: Principal): Promise<readonly ApiToken[]>;
  revokeToken(by: Principal, id: string): Promise<ApiToken>;
  /** `undefined` for a secret that is unknown, expired or revoked. Compares hashes. */
  authenticate(secret: string): Promise<Principal | undefined>;

  /** Names of all tenants, for tasks of the service itself: never for a request. */
  tenants(): Promise<readonly string[]>;
  readonly jobs: JobStore;
  readonly batches: BatchStore;
  /** Of requests that make something once, however often they are sent. */
  readonly answers: AnswerStore;
  readonly webhooks: WebhookStore;
  readonly signing: SigningStore;
  close(): Promise<void>;
}

/** What workers, which hold no approval key, left to be signed. */
export interface SigningStore {
  /**
   * Carries approvals over, and keeps runs of tests: decided and checked again here. Without a key, approvals end and runs are not kept.
   * @param onRefused told why a request cannot be answered
   * @returns how many were answered
   */
  answerAll(onRefused: (why: string) => void): Promise<number>;
}

/** What a service does that no record of a registry holds. */
export type NotedAction =
  | 'upload.created'
  | 'upload.completed'
  | 'upload.removed'
  | 'session.started'
  | 'session.ended'
  | 'model.downloaded'
  | 'conversion.downloaded';

export interface Reevaluation {
  readonly versions: number;
  readonly changed: readonly {
    readonly version: string;
    readonly stage: Stage;
    readonly from: string;
    readonly to: string;
  }[];
  readonly carried: number;
  readonly voided: number;
  /** Versions whose stored assessment cannot answer for the newer ruleset: to be scanned again. */
  readonly rescan: readonly string[];
}

/** The store of jobs, for any queue: the only source of truth for requests and their outcome. */
export interface JobStore {
  /** The same target, model, ruleset, conversion, test and check of data, queued or running, is the same job. */
  create(by: Principal, job: NewJob): Promise<CreatedJob>;
  /**
   * All of them, or none.
   * @param mostQueued of the tenant's jobs; those of a priority below zero, which nobody waits for, do not count
   * @throws RegistryError `queue-full` when one would be made beyond that
   */
  createAll(by: Principal, jobs: readonly NewJob[], mostQueued?: number): Promise<readonly CreatedJob[]>;
  get(by: Principal, id: string): Promise<Job>;
  /** The newest first. */
  list(by: Principal, page?: PageRequest & JobFilter): Promise<Page<Job>>;
  /** The folder of what a conversion, a test or a check of data wrote; `null` where there is none. */
  output(by: Principal, id: string): Promise<string | null>;
  /** From then on the job has no folder. @returns the one that it had */
  removeOutput(by: Principal, id: string): Promise<string>;
  /** For those who tidy up, of any tenant: the folders that belong to a job. */
  outputsAmong(folders: readonly string[]): Promise<ReadonlySet<string>>;
  cancel(by: Principal, id: string): Promise<Job>;
  /**
   * For workers, of any tenant. Takes jobs whose lease ran out, then jobs that are queued and whose pause is over: the next one of
   * the tenant whose turn it is, by `TenantShares`. A job that was taken `MAX_ATTEMPTS` times and never ended (it kills its
   * workers) ends as failed instead.
   */
  claim(worker: string, leaseMs: number, most: number): Promise<readonly ClaimedJob[]>;
  /** @returns false when the lease was lost or the job was cancelled: stop working on it. */
  heartbeat(claimed: ClaimedJob, leaseMs: number, progress: JobProgress): Promise<boolean>;
  /** Ends it exactly once: false when somebody else did. */
  finish(claimed: ClaimedJob, end: JobEnd): Promise<boolean>;
  /** The same for a test that is done, with an entry in the audit log. @throws RegistryError `ended` */
  endTest(by: Principal, claimed: ClaimedJob, end: TestEnd): Promise<void>;
  /** Replaces the record of what this attempt has cost so far, also when its lease was lost. */
  recordCosts(claimed: ClaimedJob, costs: AttemptCosts, hasEnded: boolean): Promise<void>;
  /** Of all attempts that have ended, of all tenants, since the first. */
  costTotals(): Promise<readonly KindTotals[]>;
  /** Of all attempts. */
  costs(by: Principal, id: string): Promise<Costs>;
  /** The same for checks of data. @throws RegistryError `ended` */
  endData(by: Principal, claimed: ClaimedJob, end: DataEnd): Promise<void>;
  /** What the service attests of checks of data; `undefined` where it does not, or not yet. */
  dataRun(by: Principal, job: string): Promise<DataRun | undefined>;
  /** For queues, of any tenant; `undefined` for an id that there is not. */
  state(id: string): Promise<JobState | undefined>;
  /**
   * Ids of queued jobs and of those whose lease ran out, the first to be run first: what a queue that lost its memory has to
   * be told again.
   */
  queued(limit: number): Promise<readonly string[]>;
  counts(): Promise<Readonly<Record<JobState, number>>>;
  /** The same of each kind of job; those of which there are none, too. */
  countsByKind(): Promise<readonly JobCount[]>;
}

export interface JobCount {
  readonly kind: JobKind;
  readonly state: JobState;
  readonly count: number;
}

export interface ClaimedJob {
  readonly job: Job;
  /** Of this claim: who lost it can no longer end the job. */
  readonly lease: string;
  readonly lineage: Lineage | null;
}

export type JobEnd =
  | { readonly kind: 'done'; readonly version: string }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      /** Queue it again, unless it was tried `MAX_ATTEMPTS` times. */
      readonly retry: boolean;
      /** The pause before it may be taken again; none when absent. */
      readonly afterMs?: number;
      /** The folder of what a conversion wrote nevertheless: its report. */
      readonly output?: string;
    }
  /** Handed back by a worker that stops: queued again at once, and this attempt does not count. */
  | { readonly kind: 'released' };

/** How often a job is tried before it is failed for good. */
export const MAX_ATTEMPTS = 5;
