export { fromWire, type ParsedFile, type ParseOrder, type ParseSettings, toWire, type WireError } from './messages.ts';
export { type BatchOutcome, ParserPool, sharedParsers } from './parser-pool.ts';
