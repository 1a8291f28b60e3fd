export { msgpackScanner } from './scanner.ts';
