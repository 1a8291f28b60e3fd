export { registerRules } from './command.ts';
