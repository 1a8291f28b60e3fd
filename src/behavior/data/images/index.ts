export { folderClasses, joinedLabels } from './labels.ts';
export { listImages } from './list.ts';
export { readImages } from './read.ts';
export { type FolderLabels, folderLabels, type ImagesPart, imagesPart } from './spec.ts';
