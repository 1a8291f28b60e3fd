import type { PayloadSigner } from '../integrity/sign/index.ts';
import type { TrustFile } from '../integrity/trust-file/index.ts';
import { answerStore } from './answers/index.ts';
import { approvals, revoke, vote } from './approvals/index.ts';
import { auditHead, auditLog, auditSince } from './audit/index.ts';
import { verifyRegistry } from './chain-state/index.ts';
import { costTotals, jobCosts, recordCosts, usage } from './costs/index.ts';
import { dataBaseline, keepDataBaseline } from './data-baselines/index.ts';
import { currentDecisions, reevaluate, versionsOf } from './decisions/index.ts';
import { approveImage, imageApprovals, revokeImage } from './images/index.ts';
import { EQUAL_SHARES, type TenantShares } from './job-shares.ts';
import {
  batchStore,
  cancelJob,
  claimJobs,
  countJobKinds,
  countJobs,
  createJob,
  createJobs,
  dataRun,
  endData,
  endTest,
  finishJob,
  getJob,
  heartbeat,
  jobOutput,
  jobState,
  listJobs,
  outputsAmong,
  queuedJobs,
  removeOutput,
} from './jobs/index.ts';
import { keptScans } from './kept-scans/index.ts';
import { noteAction } from './notes/index.ts';
import type { Principal } from './records.ts';
import type { JobStore, Registry, RegistryRules } from './registry.ts';
import { sealerOf } from './sealed/index.ts';
import { endSession, isSessionEnded } from './sessions/index.ts';
import { signingStore } from './signing/index.ts';
import { type Context, openDatabase } from './store/index.ts';
import { addTestRun, revokeTestRun, testAttestations, versionTests } from './test-runs/index.ts';
import { authenticate, createToken, revokeToken, tenants, tokens } from './tokens/index.ts';
import {
  quarantine,
  refusedStages,
  requestTransition,
  retire,
  transition,
  transitions,
  withdraw,
} from './transitions/index.ts';
import {
  assessments,
  decisions,
  model,
  models,
  register,
  registerKept,
  setAlias,
  versionById,
  versions,
} from './versions/index.ts';
import { addWaiver, revokeWaiver, waivers, waiversFor } from './waivers/index.ts';
import { webhookStore } from './webhooks/index.ts';

export interface RegistryOptions {
  /** `sqlite:<path>` or `postgres://...` */
  readonly database: string;
  readonly rules: RegistryRules;
  /** Who may sign approvals; without it, no approval with its own signature is accepted. */
  readonly trust?: TrustFile;
  /** Signs for approvers who come by a session, and re-evaluations; without it, neither is possible. */
  readonly approvalSigner?: PayloadSigner;
  /** For a process that must not hold the key: what is to be signed waits for `signing` of one that does. */
  readonly signsLater?: boolean;
  /**
   * The identity provider whose people tokens may belong to. Without it, all tokens that somebody made, or that these made, are
   * that person's, who approves nothing that one of them asked for.
   */
  readonly tokenIssuer?: string;
  /** Whether a rule of the catalogue has this id: others are waived only where a policy or an assessment names them. */
  readonly isRule?: (id: string) => boolean;
  /** Seals the secrets of webhooks in the database: 32 characters or more, kept elsewhere. */
  readonly sealingKey?: string;
  /** How workers are shared among tenants; equally and without a ceiling when absent. */
  readonly shares?: TenantShares;
  readonly now?: () => Date;
}

/**
 * Opens a registry, and creates or migrates its tables.
 * @throws RegistryError `invalid`, `unavailable`, `newer-schema`
 */
export async function openRegistry(options: RegistryOptions): Promise<Registry> {
  const context: Context = {
    database: await openDatabase(options.database),
    rules: options.rules,
    trust: options.trust,
    signer: options.approvalSigner,
    signsLater: options.signsLater ?? false,
    tokenIssuer: options.tokenIssuer,
    sealer: options.sealingKey === undefined ? undefined : sealerOf(options.sealingKey),
    shares: options.shares ?? EQUAL_SHARES,
    isRule: options.isRule ?? (() => false),
    now: options.now ?? (() => new Date()),
  };
  const bound = bindTo(context);
  return {
    register: bound(register),
    keptScans: bound(keptScans),
    registerKept: bound(registerKept),
    models: bound(models),
    model: bound(model),
    versions: bound(versions),
    version: bound(versionById),
    versionsOf: bound(versionsOf),
    assessments: bound(assessments),
    decisions: bound(decisions),
    currentDecisions: bound(currentDecisions),
    setAlias: bound(setAlias),
    transitions: bound(transitions),
    transition: bound(transition),
    requestTransition: bound(requestTransition),
    refusedStages: bound(refusedStages),
    vote: bound(vote),
    withdraw: bound(withdraw),
    quarantine: bound(quarantine),
    retire: bound(retire),
    approvals: bound(approvals),
    revoke: bound(revoke),
    waivers: bound(waivers),
    waiversFor: bound(waiversFor),
    addWaiver: bound(addWaiver),
    revokeWaiver: bound(revokeWaiver),
    imageApprovals: bound(imageApprovals),
    approveImage: bound(approveImage),
    revokeImage: bound(revokeImage),
    versionTests: bound(versionTests),
    testAttestations: bound(testAttestations),
    addTestRun: bound(addTestRun),
    revokeTestRun: bound(revokeTestRun),
    keepDataBaseline: bound(keepDataBaseline),
    dataBaseline: bound(dataBaseline),
    reevaluate: bound(reevaluate),
    auditLog: bound(auditLog),
    auditSince: bound(auditSince),
    auditHead: bound(auditHead),
    verifyAuditLog: bound(verifyRegistry),
    usage: bound(usage),
    note: bound(noteAction),
    endSession: (id, until) => endSession(context, id, until),
    isSessionEnded: (id) => isSessionEnded(context, id),
    createToken: bound(createToken),
    tokens: bound(tokens),
    revokeToken: bound(revokeToken),
    authenticate: (secret) => authenticate(context, secret),
    tenants: () => tenants(context),
    jobs: jobStore(context),
    batches: batchStore(context),
    answers: answerStore(context),
    signing: signingStore(context),
    webhooks: webhookStore(context),
    close: () => context.database.close(),
  };
}

type Method<A extends readonly unknown[], R> = (context: Context, by: Principal, ...rest: A) => Promise<R>;

function bindTo(context: Context) {
  return <A extends readonly unknown[], R>(method: Method<A, R>) =>
    (by: Principal, ...rest: A) =>
      method(context, by, ...rest);
}

function jobStore(context: Context): JobStore {
  const bound = bindTo(context);
  return {
    create: bound(createJob),
    createAll: bound(createJobs),
    get: bound(getJob),
    list: bound(listJobs),
    output: bound(jobOutput),
    removeOutput: bound(removeOutput),
    outputsAmong: (folders) => outputsAmong(context, folders),
    cancel: bound(cancelJob),
    claim: (worker, leaseMs, most) => claimJobs(context, worker, leaseMs, most),
    heartbeat: (claimed, leaseMs, progress) => heartbeat(context, claimed, leaseMs, progress),
    finish: (claimed, end) => finishJob(context, claimed, end),
    state: (id) => jobState(context, id),
    queued: (limit) => queuedJobs(context, limit),
    endTest: bound(endTest),
    recordCosts: (claimed, costs, hasEnded) => recordCosts(context, claimed, costs, hasEnded),
    costTotals: () => costTotals(context),
    costs: bound(jobCosts),
    endData: bound(endData),
    dataRun: bound(dataRun),
    counts: () => countJobs(context),
    countsByKind: () => countJobKinds(context),
  };
}
