export { type ImageSteps, isImageMessage, run } from './images.ts';
export { RESIZE_FILTERS, type ResizeFilter } from './resample.ts';
