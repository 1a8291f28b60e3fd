export { registerPromote } from './command.ts';
