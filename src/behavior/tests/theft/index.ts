export { EXTRACTION } from './extraction.ts';
export { WATERMARK } from './watermark.ts';
