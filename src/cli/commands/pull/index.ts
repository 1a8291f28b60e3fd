export { registerPull } from './command.ts';
