export type { OnceRequest } from './answer-records.ts';
export {
  type ApprovalRecord,
  type ApprovedImage,
  type AuditEntry,
  type AuditVerdict,
  type Batch,
  type ConversionOptions,
  type Costs,
  type CreatedJob,
  type CurrentDecision,
  type DataBaselineRecord,
  type DataCheckOptions,
  DELIVERY_STATES,
  type Job,
  type JobKind,
  type JobProgress,
  type JobState,
  type Lineage,
  type ModelSummary,
  type ModelTestOptions,
  type Page,
  ROLES,
  type Role,
  STAGES,
  type Stage,
  type StoredDecision,
  type StoredWaiver,
  type TestRun,
  type Transition,
  type TransitionState,
  USAGE_KEYS,
  type Usage,
  type UsageKey,
  type UsageRow,
  type Version,
  type VersionTests,
} from './api/index.ts';
export type { CreatedBatch } from './batch-records.ts';
export {
  type AttemptCosts,
  DURATION_BOUNDS,
  type KindTotals,
  type UsageQuery,
  type UsageSum,
  type UsageSums,
} from './cost-records.ts';
export { combinedDecision } from './decisions/index.ts';
export type { DataEnd, DataRun, JobFilter, KeptBaseline, NewJob, TestEnd } from './job-records.ts';
export { EQUAL_SHARES, type TenantShares } from './job-shares.ts';
export type { FileToScan, KeptScan, Reuse, ScanInput } from './kept-records.ts';
export { nameOf } from './names.ts';
export { openRegistry, type RegistryOptions } from './open.ts';
export type { Principal, StoredAssessment } from './records.ts';
export {
  type ApiToken,
  type Ballot,
  type ClaimedJob,
  type DecisionQuery,
  type JobEnd,
  type JobStore,
  MAX_ATTEMPTS,
  type NotedAction,
  type Reevaluation,
  type RefusedStage,
  type Registered,
  type Registry,
  type RegistryRules,
  type Seen,
  type VersionName,
  type WaiverRequest,
} from './registry.ts';
export { isRegistryError, RegistryError, type RegistryErrorCode } from './registry-error.ts';
export { type LiveRules, loadRegistryRules, openLiveRules } from './rules/index.ts';
export type { ClaimedDelivery, DeliveryEnd, WebhookStore } from './webhook-records.ts';
