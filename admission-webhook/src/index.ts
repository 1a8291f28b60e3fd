export type { DecisionRecord } from './answer.ts';
export {
  type AuditedObject,
  type AuditReport,
  auditCluster,
  listedSource,
  openAuditWebhook,
  openCluster,
} from './audit/index.ts';
export {
  type AdmissionConfig,
  MODE_LABEL,
  NO_CONFIG,
  namespaceRules,
  readAdmissionConfig,
  STAGE_LABEL,
  STRICT_ACTIONS,
} from './config/index.ts';
export {
  answerMalformed,
  compileAdmissionPolicies,
  decideReview,
  type ReviewProblem,
  type ReviewResponse,
  readReview,
  reviewResponse,
} from './decide/index.ts';
export { exceptionsYaml } from './exceptions/index.ts';
export { fallbackManifests, readSnapshotFile } from './fallback/index.ts';
export { type KubeClient, openKube } from './kube/index.ts';
export {
  type InjectionAnswer,
  injectionCheck,
  mutateReview,
  ownContainerCheck,
  verifyInjected,
} from './mutate/index.ts';
export type { Mutation, MutationOptions } from './patch.ts';
export { type AdmissionPolicies, NO_POLICIES, type PolicyInput } from './policies.ts';
export type { AdmissionRequest } from './request.ts';
export { MODES, type NamespaceRule, type Outcome, type WebhookAction } from './rules.ts';
export { type CertificateSource, openCertificateFiles, openSelfSigned } from './server/certificate/index.ts';
export {
  type AdmissionOptions,
  type AdmissionStatus,
  type AdmissionWebhookParts,
  askStatus,
  assembleWebhook,
  type ConnectionRules,
  type ListenPlace,
  type LogChoice,
  openClientFiles,
  type ServeOptions,
  type Serving,
  serve,
  startAdmission,
  type TlsOptions,
  type WebhookOptions,
} from './server/index.ts';
export { openSnapshotFeed } from './snapshot-feed/index.ts';
export type { HeldSnapshot, WebhookState } from './state.ts';
export { type BreakGlassQuery, NO_WAIVERS } from './waivers.ts';
