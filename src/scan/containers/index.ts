export { compressedScanner } from './compressed.ts';
export { sevenZipScanner } from './sevenzip.ts';
export { tarScanner } from './tar.ts';
