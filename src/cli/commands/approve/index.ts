export { registerApprove, VOTERS } from './command.ts';
