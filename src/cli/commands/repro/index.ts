export { registerRepro } from './command.ts';
