export { auditCluster } from './audit.ts';
export { openCluster } from './cluster.ts';
export { listedSource } from './listed.ts';
export { openAuditGate } from './open-gate.ts';
export type { AuditedObject, AuditReport } from './report.ts';
