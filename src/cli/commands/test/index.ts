export { registerTest } from './command.ts';
