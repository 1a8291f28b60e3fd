export { tableScanner } from './scanner.ts';
