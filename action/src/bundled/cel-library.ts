// What the program requires of the library for expressions, by name: so that the bundle carries no more of it.

import { TimestampSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';

export { strings } from '@bufbuild/cel/ext';
export { reflect } from '@bufbuild/protobuf/reflect';
export { RE2JS } from '@bufbuild/re2';
export * as cel from './cel-names.ts';
export const wkt = { TimestampSchema, timestampFromMs };
