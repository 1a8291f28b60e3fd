export { rdsScanner } from './scanner.ts';
