export type { Batch, CreatedBatch } from './batch-records.ts';
export type { CreatedJob, NewJob } from './job-records.ts';
export { nameOf } from './names.ts';
export { openRegistry, type RegistryOptions } from './open.ts';
export {
  type ApprovalRecord,
  type AuditEntry,
  type Job,
  type JobProgress,
  type JobState,
  type Lineage,
  type Page,
  type Principal,
  ROLES,
  type Role,
  STAGES,
  type Stage,
  type StoredAssessment,
  type StoredDecision,
  type Transition,
  type TransitionState,
  type Version,
} from './records.ts';
export {
  type ApiToken,
  type AuditVerdict,
  type Ballot,
  type ClaimedJob,
  type CurrentDecision,
  type DecisionQuery,
  type JobEnd,
  type JobStore,
  MAX_ATTEMPTS,
  type ModelSummary,
  type Reevaluation,
  type Registered,
  type Registry,
  type RegistryRules,
  type Seen,
  type StoredWaiver,
  type VersionName,
  type WaiverRequest,
} from './registry.ts';
export { isRegistryError, RegistryError, type RegistryErrorCode } from './registry-error.ts';
export { type LiveRules, loadRegistryRules, openLiveRules } from './rules/index.ts';
export { type ClaimedDelivery, DELIVERY_STATES, type DeliveryEnd, type WebhookStore } from './webhook-records.ts';
