export type { GraphDifference } from './compare/index.ts';
export { type RebuildResult, rebuildModels } from './models.ts';
