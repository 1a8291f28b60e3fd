export { registerPolicy } from './command.ts';
