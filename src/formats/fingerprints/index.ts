export { readRdkitBits, readRdkitCounts } from './rdkit.ts';
