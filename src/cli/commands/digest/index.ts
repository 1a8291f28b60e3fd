export { registerDigest } from './command.ts';
