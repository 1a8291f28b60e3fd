export { pmmlScanner } from './scanner.ts';
