export { zipScanner } from './zip.ts';
