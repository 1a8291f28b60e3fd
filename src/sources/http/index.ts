export { bodyOf, exactly, type HttpFile, otherLength, parseContentRange, persistently, streamWhole } from './body.ts';
export { openHttp } from './open.ts';
export { FIRST_RANGE, HttpRanges, type RangeReader } from './range.ts';
export { HttpSource } from './source.ts';
