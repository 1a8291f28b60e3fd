export { scanBundle, scanCheckpointState } from './checkpoint.ts';
export { scanTensorflow } from './scan.ts';
