export { registerExplain } from './command.ts';
