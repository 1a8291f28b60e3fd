export { type Blob, Blobs } from './blobs.ts';
export { Git, isNoObject, isObjectId } from './git.ts';
export { type Change, changesOf, type TreeEntry, treeOf } from './tree.ts';
