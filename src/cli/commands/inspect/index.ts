export { registerInspect } from './command.ts';
