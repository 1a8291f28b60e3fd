export { executorchScanner, mxnetScanner, paddleScanner, tensorrtScanner } from './scanner.ts';
