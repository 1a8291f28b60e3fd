export { MXNET_PARAMS, type MxnetParams, readMxnetParams } from './mxnet.ts';
export { readPaddleTensors } from './paddle.ts';
export type { ListedTensor } from './tensor.ts';
