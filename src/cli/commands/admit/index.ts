export { registerAdmit } from './command.ts';
