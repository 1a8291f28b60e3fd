export { DETECTORS, type Detector } from './detectors/index.ts';
