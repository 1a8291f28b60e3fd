export { COLUMN_TYPES, type ColumnType, type NamedArrays } from './format.ts';
export { TABLE_FORMAT_IDS } from './list.ts';
export { type KnownTables, readColumns, type TablePart } from './read.ts';
