export { type AuditGate, type AuditSource, audit } from './audit.ts';
export { type ClusterSource, openCluster } from './cluster.ts';
export { listedSource } from './listed.ts';
export { openAuditGate } from './open-gate.ts';
export type { AuditedNamespace, AuditedObject, AuditProblem, AuditReport } from './report.ts';
export type { SeenObject } from './seen.ts';
