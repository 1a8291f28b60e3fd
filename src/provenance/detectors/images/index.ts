export { imageNeighbours, imagePatches } from './detectors.ts';
export { imageClusters, imageSpectrum } from './informational.ts';
