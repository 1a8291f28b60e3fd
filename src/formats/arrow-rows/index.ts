export { type ArrowBounds, type ArrowRows, openArrowRows } from './rows.ts';
export type { ArrowColumn, ArrowType, ArrowUnit } from './schema.ts';
export type { ArrowValue } from './values.ts';
