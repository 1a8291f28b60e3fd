export { type CompareOptions, compareGraphs, type GraphComparison } from './compare.ts';
export type { GraphDifference } from './differences.ts';
