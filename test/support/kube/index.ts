export { hasKube, KUBE_HOW } from './binaries.ts';
export type { CertifiedKey } from './certificates.ts';
export { collectionPath, crdFor, type KubeObject, ML_KINDS, type MlKind } from './kinds.ts';
export { type CreateOptions, type KubeOptions, RunningKube, startKube } from './kube.ts';
export type { As, KubeAnswer, RequestOptions } from './rest.ts';
export { type InstalledWebhook, MODEL_RULES, type WebhookOptions } from './webhooks.ts';
