export { type AskBase, followBases, type KnownBase } from './bases.ts';
export { provenanceCheck } from './check.ts';
export { type Entity, type LineageDocument, type SaidRelation, withoutSecrets } from './document.ts';
export type { Edges } from './edges.ts';
export type { HashedHandFile, LyingThere } from './found.ts';
export { joinLineage, type LineageInputs } from './graph.ts';
export { MANIFEST_BOUNDS, readLineageDocument } from './read.ts';
