export { registerServe } from './command.ts';
