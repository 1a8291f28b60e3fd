export { IMAGE_ROLES, type ImageFacts, type ImageRole } from './image-facts.ts';
