export { registerVerify } from './command.ts';
