export { EXTRACTION } from './extraction.ts';
export { QUERY_LOG } from './query-log.ts';
export { WATERMARK } from './watermark.ts';
