export { type Change, change, newId, type RecordedEntry, read, unowned, workChange } from './change.ts';
export { compiledOnce, insertRow } from './compiled-once.ts';
export type { Context } from './context.ts';
export type { Database, Reader } from './database.ts';
export { openDatabase } from './open.ts';
export type { Tables } from './tables.ts';
