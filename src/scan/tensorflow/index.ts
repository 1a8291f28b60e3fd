export { checkpointScanner, tensorflowScanner } from './scanner.ts';
