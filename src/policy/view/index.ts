export { VIEW, VIEW_TYPES, VIEW_VERSION } from './schema.ts';
export { recordWithin, typeText } from './text.ts';
export { OCCASIONAL, PolicyView } from './view.ts';
