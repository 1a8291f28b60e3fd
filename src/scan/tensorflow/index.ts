export { checkpointScanner, liteScanner, tensorflowScanner } from './scanner.ts';
