export { registerRevoke } from './command.ts';
