export { nearCopy } from './near-copy.ts';
export { rowsFolder, runConversion } from './run.ts';
