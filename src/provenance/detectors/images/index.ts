export { IMAGE_NEIGHBOURS, IMAGE_PATCHES } from './detectors.ts';
export { IMAGE_CLUSTERS, IMAGE_SPECTRUM } from './informational.ts';
