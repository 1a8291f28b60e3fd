export { registerAuditLog } from './command.ts';
