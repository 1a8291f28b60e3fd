export { auditGraph, type SwitchFinding } from './audit.ts';
export { structureOf } from './structure.ts';
