export type { ParsedFile, ParseOrder, ParseOutcome, ParseSettings } from './messages.ts';
export { fromWire } from './messages.ts';
export type { BatchHandlers } from './parser.ts';
export { type BatchOutcome, ParserPool, sharedParsers } from './parser-pool.ts';
