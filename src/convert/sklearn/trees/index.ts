export { TREES } from './family.ts';
export { addSklearnTree, checkedTree, type SklearnTree, sklearnTree } from './tree.ts';
