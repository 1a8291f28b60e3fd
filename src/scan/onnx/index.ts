export { isTensorData } from './external.ts';
export { EXTERNAL_ODD } from './rules.ts';
export { onnxScanner, ortScanner } from './scanner.ts';
