export { inByteOrder } from './byte-order.ts';
export { type ByteSource, checkRange, chunks, MemorySource, SliceSource } from './byte-source.ts';
export { readDocument } from './document-file.ts';
export { BLOCK_SIZE, type BlockSink, FileSource } from './file-source.ts';
export { PartsSource, type SourceRange } from './parts-source.ts';
export type { SharedFile } from './shared-file.ts';
export { readSmallFile, readSmallText } from './small-file.ts';
export { type ExpansionBudget, spool } from './spool.ts';
export { writeWhole } from './write-whole.ts';
