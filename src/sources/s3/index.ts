export { openS3 } from './s3.ts';
