export { isComputingOperator } from './torchscript.ts';
export { zipScanner } from './zip.ts';
