export { registerModels } from './command.ts';
