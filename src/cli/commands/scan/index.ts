export { registerScan } from './command.ts';
