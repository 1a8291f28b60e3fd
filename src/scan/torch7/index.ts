export { torch7Scanner } from './scanner.ts';
