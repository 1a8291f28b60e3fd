export { type AuditEntry, AuditEntrySchema, type AuditVerdict, AuditVerdictSchema } from './audit.ts';
export {
  type ConversionAnswer,
  ConversionAnswerSchema,
  type ConversionRequest,
  ConversionRequestSchema,
} from './conversions.ts';
export {
  type Costs,
  CostsSchema,
  USAGE_KEYS,
  type Usage,
  type UsageKey,
  type UsageRow,
  UsageSchema,
} from './costs.ts';
export {
  type DataBaselineRecord,
  DataBaselineRecordSchema,
  NewDataBaselineSchema,
  VersionDataSchema,
} from './data-baselines.ts';
export {
  type DataCheckAnswer,
  DataCheckAnswerSchema,
  type DataCheckRequest,
  DataCheckRequestSchema,
  DatasetListSchema,
} from './data-checks.ts';
export {
  type CurrentDecision,
  CurrentDecisionSchema,
  CurrentDecisionsSchema,
  DecisionQuerySchema,
  DecisionsSchema,
  MAX_DECISION_QUERIES,
  ManyDecisionsSchema,
  type StoredDecision,
  StoredDecisionSchema,
} from './decisions.ts';
export {
  type ApprovedImage,
  ApprovedImageSchema,
  type ImageRequest,
  ImageRequestSchema,
  MAX_IMAGE_ATTESTATION,
} from './images.ts';
export {
  type Batch,
  BatchSchema,
  type CreatedJob,
  CreatedJobSchema,
  type Job,
  type JobProgress,
  JobSchema,
} from './jobs.ts';
export {
  maybeText,
  moment,
  type Page,
  pageSchema,
  REFERENCE,
  RoleSchema,
  StageSchema,
} from './kit.ts';
export {
  type ComparedVersion,
  type ModelTestRequest,
  ModelTestRequestSchema,
  type SuiteList,
  SuiteListSchema,
  type TestAnswer,
  TestAnswerSchema,
} from './model-tests.ts';
export {
  APPROVAL_METHODS,
  type ApprovalMethod,
  DECIDED_STAGES,
  DELIVERY_STATES,
  type DeliveryState,
  type Ground,
  JOB_KINDS,
  JOB_STATES,
  type JobKind,
  type JobState,
  ROLES,
  type Role,
  STAGES,
  type Stage,
  TRANSITION_STATES,
  type TransitionState,
} from './names.ts';
export {
  type ConversionOptions,
  DATASET_NAME,
  type DataCheckOptions,
  type ModelTestOptions,
  SUITE_NAME,
} from './options/index.ts';
export { PolicyCheckSchema, type PolicyList, PolicyListSchema } from './policies.ts';
export { PROBLEM_TYPE, type Problem, ProblemSchema } from './problem.ts';
export type { ProblemCode } from './problem-codes.ts';
export {
  ApproveSchema,
  COMMENT,
  ID,
  type JobRequest,
  JobRequestSchema,
  MODEL_NAME,
  type NewFile,
  NewFileSchema,
  type Reason,
  ReasonSchema,
  RejectSchema,
  type TransitionRequest,
  TransitionRequestSchema,
  VOTING_ROLES,
} from './requests.ts';
export { type TestRun, TestRunSchema, type VersionTests, VersionTestsSchema } from './test-runs.ts';
export { CreatedTokenSchema, NewTokenSchema, type TokenAnswer, TokenSchema } from './tokens.ts';
export {
  type ApprovalRecord,
  ApprovalSchema,
  ApprovalsSchema,
  type Transition,
  TransitionSchema,
  type Vote,
} from './transitions.ts';
export { type Upload, type UploadFile, UploadSchema } from './uploads.ts';
export {
  type Lineage,
  LineageSchema,
  ModelSchema,
  type ModelSummary,
  type Version,
  VersionSchema,
} from './versions.ts';
export { type StoredWaiver, StoredWaiverSchema } from './waivers.ts';
export { type Delivery, DeliverySchema, type Webhook, WebhookEventsSchema, WebhookSchema } from './webhooks.ts';
