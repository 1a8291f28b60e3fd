export { addSklearnTree, type SklearnTree, sklearnTree } from './tree.ts';
export { TREES } from './family.ts';
