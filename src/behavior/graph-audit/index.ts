export { auditGraph, type SwitchFinding } from './audit.ts';
