export { type ParseOrder, type ParseSettings, type ParsedFile, fromWire } from './messages.ts';
export { ParserPool, sharedParsers } from './parser-pool.ts';
