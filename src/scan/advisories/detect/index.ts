export { libraryDetectors } from './detectors.ts';
