export { approvals, revoke } from './approvals.ts';
export { vote } from './vote.ts';
