export { scanBundle, scanCheckpointState } from './checkpoint.ts';
export { liteOperatorName, scanLite } from './lite.ts';
export { scanTensorflow } from './scan.ts';
export { judgeWebModel } from './web.ts';
