export { type GitBlob, GitBlobs } from './blobs.ts';
export { Git, isNoObject, isObjectId } from './git.ts';
export { type TreeChange, type TreeEntry, treeChanges, treeOf } from './tree.ts';
