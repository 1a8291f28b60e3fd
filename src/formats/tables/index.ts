export { ARROW_STREAM, readArrow, readArrowSchema, readArrowStream } from './arrow.ts';
export { readParquet, type TableMetadata } from './parquet.ts';
