export { isTensorData } from './external.ts';
export { EXTERNAL_ODD } from './rules.ts';
export { onnxScanner } from './scanner.ts';
