export { registerDiff } from './command.ts';
