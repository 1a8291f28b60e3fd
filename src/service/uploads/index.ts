export { openUpload, uploadedFile, uploadedFiles } from './artifact.ts';
export { openUploadStore } from './files.ts';
export { checkOwner, UPLOAD_READERS, UPLOAD_SUBMITTERS } from './owner.ts';
export type { UploadStore } from './store.ts';
