export { VIEW, VIEW_TYPES, VIEW_VERSION } from './schema.ts';
export { recordWithin, typeText } from './text.ts';
export { OCCASIONAL, View } from './view.ts';
