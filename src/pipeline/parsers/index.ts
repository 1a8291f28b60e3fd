export { fromWire, type ParsedFile, type ParseOrder, type ParseSettings } from './messages.ts';
export { ParserPool, sharedParsers } from './parser-pool.ts';
