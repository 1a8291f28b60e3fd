export { registerData } from './command.ts';
