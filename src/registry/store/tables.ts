import type { ColumnType, Generated } from 'kysely';
import type { AuditEntry } from '../api/index.ts';
import type { WebhookTables } from './webhook-tables.ts';

/**
 * The tables. Times are ISO 8601 in UTC, unless a name ends in `_ms`; lists and objects are JSON text. `seq` counts within a
 * tenant, in the order of writing.
 */
export interface Tables extends WebhookTables {
  readonly tenants: TenantTable;
  readonly models: ModelTable;
  readonly versions: VersionTable;
  readonly version_keys: VersionKeyTable;
  readonly aliases: AliasTable;
  readonly assessments: AssessmentTable;
  readonly decisions: DecisionTable;
  readonly gate: CurrentDecisionTable;
  readonly transitions: TransitionTable;
  readonly votes: VoteTable;
  readonly approvals: ApprovalTable;
  readonly asked_suites: AskedSuiteTable;
  readonly test_runs: TestRunTable;
  readonly waivers: WaiverTable;
  readonly images: ImageTable;
  readonly tokens: TokenTable;
  readonly ended_sessions: EndedSessionTable;
  readonly audit: AuditTable;
  readonly jobs: JobTable;
  readonly batches: BatchTable;
  readonly batch_jobs: BatchJobTable;
  readonly data_runs: DataRunTable;
  readonly data_baselines: DataBaselineTable;
  readonly signing_requests: SigningRequestTable;
  readonly tenant_shares: TenantShareTable;
  readonly kept_answers: KeptAnswerTable;
  readonly costs: CostTable;
}

/** Never updated. */
type Fixed<T> = ColumnType<T, T, never>;

interface TenantTable {
  readonly name: Fixed<string>;
  /** The head of its audit log. */
  audit_seq: number;
  audit_hash: string;
  /** The last `seq` that was given out. */
  counter: number;
}

interface ModelTable {
  readonly tenant: Fixed<string>;
  readonly name: Fixed<string>;
  description: string;
  readonly created_at: Fixed<string>;
  readonly created_by: Fixed<string>;
}

interface VersionTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly seq: Fixed<number>;
  readonly model: Fixed<string>;
  readonly number: Fixed<number>;
  readonly digest: Fixed<string>;
  readonly ref: Fixed<string>;
  stage: string;
  /** Why it was quarantined or retired. */
  stage_reason: string;
  lineage: string;
  readonly created_at: Fixed<string>;
  readonly created_by: Fixed<string>;
}

/** The keys of a version: its digest, and every pinned reference. */
interface VersionKeyTable {
  readonly tenant: Fixed<string>;
  readonly key: Fixed<string>;
  readonly version: Fixed<string>;
  readonly kind: Fixed<'digest' | 'ref'>;
}

interface AliasTable {
  readonly tenant: Fixed<string>;
  readonly model: Fixed<string>;
  readonly alias: Fixed<string>;
  version: string;
}

interface AssessmentTable {
  readonly id: Fixed<string>;
  readonly version: Fixed<string>;
  readonly seq: Fixed<number>;
  readonly body: Fixed<string>;
  readonly ruleset_version: Fixed<string>;
  readonly ruleset_digest: Fixed<string>;
  readonly job: Fixed<string | null>;
  /** Of the files that a worker scanned, by which their result is found again; `null`: it is not taken again. */
  readonly shape: Fixed<string | null>;
  readonly at: Fixed<string>;
}

interface DecisionTable {
  readonly id: Fixed<string>;
  readonly version: Fixed<string>;
  readonly assessment: Fixed<string>;
  readonly stage: Fixed<string>;
  readonly seq: Fixed<number>;
  readonly action: Fixed<string>;
  readonly policy_digest: Fixed<string>;
  readonly ruleset_version: Fixed<string>;
  readonly ruleset_digest: Fixed<string>;
  /** The suite of tests that was asked for, as JSON; empty for none. */
  readonly suite: Fixed<string>;
  readonly body: Fixed<string>;
  readonly at: Fixed<string>;
}

/** Current decisions: updated with every change, so that no question reads more. */
interface CurrentDecisionTable {
  readonly version: Fixed<string>;
  answer: string;
}

interface TransitionTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly seq: Fixed<number>;
  readonly version: Fixed<string>;
  readonly from_stage: Fixed<string>;
  readonly to_stage: Fixed<string>;
  state: string;
  readonly requester_key: Fixed<string>;
  readonly requested_by: Fixed<string>;
  readonly comment: Fixed<string>;
  readonly at: Fixed<string>;
}

interface VoteTable {
  readonly transition: Fixed<string>;
  readonly voter_key: Fixed<string>;
  readonly voted_by: Fixed<string>;
  readonly seq: Fixed<number>;
  readonly role: Fixed<string>;
  readonly vote: Fixed<string>;
  readonly comment: Fixed<string>;
  readonly approval: Fixed<string | null>;
  readonly at: Fixed<string>;
}

interface ApprovalTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly seq: Fixed<number>;
  readonly version: Fixed<string>;
  readonly transition: Fixed<string>;
  readonly stage: Fixed<string>;
  readonly digest: Fixed<string>;
  /** The state that the approver saw, and to which the attestation is bound. */
  readonly policy_digest: Fixed<string>;
  readonly ruleset_version: Fixed<string>;
  readonly ruleset_digest: Fixed<string>;
  readonly decision: Fixed<string>;
  /** The suite of tests that was asked for, as JSON; empty for none. */
  readonly suite: Fixed<string>;
  /** The state for which it is valid: the same, or the state of the newest re-evaluation that carried it over. */
  held_policy: string;
  held_ruleset_version: string;
  held_ruleset_digest: string;
  readonly voter_key: Fixed<string>;
  readonly role: Fixed<string>;
  readonly signer: Fixed<string>;
  readonly method: Fixed<string>;
  readonly attestation: Fixed<string>;
  /** The signed re-evaluation. */
  reevaluation: string | null;
  readonly at: Fixed<string>;
  readonly until: Fixed<string | null>;
  state: string;
  why: string;
}

interface WaiverTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly seq: Fixed<number>;
  readonly digest: Fixed<string>;
  readonly body: Fixed<string>;
  readonly created_by: Fixed<string>;
  readonly at: Fixed<string>;
  revoked_at: string | null;
  /** The signer and the method; `null` for a waiver from before waivers were signed. */
  readonly signer: Fixed<string | null>;
  readonly method: Fixed<string | null>;
  readonly attestation: Fixed<string | null>;
}

/** Signed approvals of container images. */
interface ImageTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly seq: Fixed<number>;
  readonly digest: Fixed<string>;
  readonly statement: Fixed<string>;
  readonly signer: Fixed<string>;
  readonly method: Fixed<string>;
  readonly attestation: Fixed<string>;
  readonly created_by: Fixed<string>;
  readonly at: Fixed<string>;
  revoked_at: string | null;
  why: string;
}

/** The suite that was asked of a model when it was last decided, as JSON: a change is told in the audit log. */
interface AskedSuiteTable {
  readonly tenant: Fixed<string>;
  readonly model: Fixed<string>;
  suite: string;
}

/** Attested tests of a version. */
interface TestRunTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly seq: Fixed<number>;
  readonly version: Fixed<string>;
  readonly digest: Fixed<string>;
  /** `sha256:<hex>` of what was signed. */
  readonly statement: Fixed<string>;
  /** What decisions use of it, as JSON. */
  readonly body: Fixed<string>;
  readonly signer: Fixed<string>;
  readonly method: Fixed<string>;
  readonly attestation: Fixed<string>;
  readonly created_by: Fixed<string>;
  readonly at: Fixed<string>;
  revoked_at: string | null;
  /** Why it was revoked. */
  why: string;
}

interface TokenTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly seq: Fixed<number>;
  readonly name: Fixed<string>;
  /** SHA-256 of the secret, hex; `lookup` is its beginning. */
  readonly hash: Fixed<string>;
  readonly lookup: Fixed<string>;
  readonly roles: Fixed<string>;
  readonly creator_key: Fixed<string>;
  /** The person that it belongs to; `null`: whoever made it. */
  readonly owner_key: Fixed<string | null>;
  readonly created_by: Fixed<string>;
  readonly created_at: Fixed<string>;
  readonly expires_at: Fixed<string | null>;
  revoked_at: string | null;
  last_used_at: string | null;
}

/** A session that its user ended: nobody may use it, although it has not expired. */
interface EndedSessionTable {
  readonly id: Fixed<string>;
  readonly until_ms: Fixed<number>;
}

/** The database itself refuses to change or delete a row. */
type AuditTable = { readonly [K in keyof Omit<AuditEntry, 'detail'>]: Fixed<AuditEntry[K]> } & {
  /** JSON. */
  readonly detail: Fixed<string>;
};

interface JobTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  /** Over all tenants. */
  readonly seq: Generated<number>;
  readonly target: Fixed<string>;
  readonly model: Fixed<string>;
  readonly ruleset: Fixed<string>;
  readonly lineage: Fixed<string | null>;
  /** What is converted and how, as canonical JSON; empty for a scan. */
  readonly conversion: Fixed<string>;
  /** What is tested and how, as canonical JSON; empty for other kinds. */
  readonly test: Fixed<string>;
  /** What is asked of training data, as canonical JSON; empty for other kinds. */
  readonly data: Fixed<string>;
  readonly priority: Fixed<number>;
  state: string;
  attempts: number;
  progress: string;
  readonly created_by: Fixed<string>;
  readonly created_at: Fixed<string>;
  started_at: string | null;
  ended_at: string | null;
  /** Not to be taken before. */
  not_before_ms: number;
  worker: string | null;
  lease: string | null;
  lease_until_ms: number | null;
  version: string | null;
  /** The folder of what a conversion, a test or a check of data wrote: of the one attempt that counts. */
  output: string | null;
  /** What the tests or the checks said, of those that are done. */
  outcome: string | null;
  error_code: string | null;
  error_message: string | null;
}

/** What the service attests of checks of data. */
interface DataRunTable {
  readonly job: Fixed<string>;
  readonly tenant: Fixed<string>;
  /** `sha256:<hex>` of what was signed. */
  readonly statement: Fixed<string>;
  readonly attestation: Fixed<string>;
  readonly at: Fixed<string>;
}

/** Profiles of approved data, kept with versions; the newest of a version counts. */
interface DataBaselineTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly seq: Fixed<number>;
  readonly version: Fixed<string>;
  readonly job: Fixed<string>;
  /** `sha256:<hex>` of the profile. */
  readonly digest: Fixed<string>;
  readonly profile: Fixed<string>;
  readonly statement: Fixed<string>;
  readonly attestation: Fixed<string>;
  readonly created_by: Fixed<string>;
  readonly at: Fixed<string>;
}

interface BatchTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly created_by: Fixed<string>;
  readonly created_at: Fixed<string>;
  /** Of its last job. */
  ended_at: string | null;
}

interface BatchJobTable {
  readonly batch: Fixed<string>;
  readonly job: Fixed<string>;
}

/** What the process that holds the approval key is asked to sign; a request goes when it was answered. */
interface SigningRequestTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly kind: Fixed<'approvals' | 'tests' | 'data'>;
  /** The id of a version whose approvals are to be carried over, or of a job that tested, or checked data. */
  readonly subject: Fixed<string>;
  /** JSON; empty for approvals. */
  readonly body: Fixed<string>;
  readonly at: Fixed<string>;
}

/** Start-time fair queueing: both are virtual times, which grow by 1 / weight with each job that starts. */
interface TenantShareTable {
  readonly tenant: Fixed<string>;
  /** When its last job started. */
  started: number;
  /** When its next one is due. */
  due: number;
}

/** What a request with an `Idempotency-Key` was answered; without a status, while it is being answered. */
interface KeptAnswerTable {
  /** The tenant and the person, program or session that sent it. */
  readonly holder: Fixed<string>;
  readonly key: Fixed<string>;
  /** SHA-256 of its method, path and body, hex. */
  readonly request: Fixed<string>;
  /** Of the attempt that answers it: who lost it keeps no answer. */
  readonly claim: Fixed<string>;
  until_ms: number;
  status: number | null;
  /** JSON. */
  headers: string | null;
  body: string | null;
}

/** What one attempt of a job cost: replaced while it runs, and kept when the job goes. `null`: not known. */
interface CostTable {
  /** The lease of the attempt. */
  readonly attempt: Fixed<string>;
  readonly job: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly model: Fixed<string>;
  readonly kind: Fixed<string>;
  /** When it was written last. */
  at: string;
  wall_ms: number;
  cpu_ms: number | null;
  peak_bytes: number | null;
  fetched_bytes: number | null;
  stored_bytes: number | null;
  gpu_ms: number | null;
  /** 1 when the result of an earlier scan was taken, or 0. */
  reused: number;
  /** 1 when the attempt has ended: its figures change no more. */
  ended: number;
}
