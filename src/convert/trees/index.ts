export { CategoryColumns } from './categories.ts';
export { type DecisionTree, TreeEnsemble, type TreeNumbers, type TreeSplit } from './ensemble.ts';
export { floatAtMost } from './round-down.ts';
