export { registerQuarantine } from './command.ts';
