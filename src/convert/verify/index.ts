export { rangesOf } from './ranges.ts';
export { verifyTensors } from './tensor-bytes.ts';
export { type Given, type GivenFile, type VerifyConvertedOptions, verifyConverted } from './verify.ts';
