export { registerReject } from './command.ts';
