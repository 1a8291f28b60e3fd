export { openvinoScanner } from './scanner.ts';
