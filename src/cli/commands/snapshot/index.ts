export { registerSnapshot } from './command.ts';
