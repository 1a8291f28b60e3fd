export { type GraphComparison, type GraphDifference, compareGraphs } from './compare/index.ts';
