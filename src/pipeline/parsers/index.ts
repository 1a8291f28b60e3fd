export { fromWire, type ParsedFile, type ParseOrder, type ParseSettings, toWire, type WireError } from './messages.ts';
export { ParserPool, sharedParsers } from './parser-pool.ts';
