export { addLineageOptions, LINEAGE_GUIDE, type LineageFlags, lineageOf } from './options.ts';
export type { LineageRequest } from './request.ts';
