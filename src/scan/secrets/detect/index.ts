export { secretDetectors } from './detectors.ts';
