export { auditCluster } from './audit.ts';
export { openCluster } from './cluster.ts';
export { listedSource } from './listed.ts';
export { openAuditWebhook } from './open-webhook.ts';
export type { AuditedObject, AuditReport } from './report.ts';
