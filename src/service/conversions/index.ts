export { openConversionStore } from './files.ts';
export { ROWS } from './rows.ts';
export type { ConversionAttempt, ConversionStore, ConvertedDownload, KeptConversion } from './store.ts';
