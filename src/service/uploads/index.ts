export { openUpload } from './artifact.ts';
export { openUploadStore } from './files.ts';
export type { UploadFile, UploadStore } from './store.ts';
