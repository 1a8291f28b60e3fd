export { isCheckpointData } from './formats.ts';
export { PLACE_ODD } from './rules.ts';
export { distributedScanner } from './scanner.ts';
