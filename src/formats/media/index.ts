export { mediaEnd } from './image-end.ts';
export { LATE_MEDIA, MEDIA, isMedia } from './media.ts';
