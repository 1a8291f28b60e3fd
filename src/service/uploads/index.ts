export { openUpload, uploadedFile } from './artifact.ts';
export { openUploadStore } from './files.ts';
export type { UploadStore } from './store.ts';
