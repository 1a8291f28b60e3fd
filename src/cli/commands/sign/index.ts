export { registerSign } from './command.ts';
