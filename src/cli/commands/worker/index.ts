export { registerWorker } from './command.ts';
