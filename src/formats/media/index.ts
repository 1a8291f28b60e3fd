export { mediaEnd } from './image-end.ts';
export { isMedia, LATE_MEDIA, MEDIA } from './media.ts';
