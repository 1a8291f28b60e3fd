export { indicatorDetectors } from './detectors.ts';
export { EncodedPayloads } from './encoded.ts';
