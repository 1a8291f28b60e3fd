export { auditHead, auditLog, auditSince, entryOfRow, verifyAuditLog } from './log.ts';
