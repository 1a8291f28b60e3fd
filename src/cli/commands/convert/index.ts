export { registerConvert } from './command.ts';
