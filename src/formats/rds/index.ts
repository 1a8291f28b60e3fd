export { newFacts, readRds } from './read.ts';
export type { RdsFacts, RdsKind, RdsPart } from './types.ts';
