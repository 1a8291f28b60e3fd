import { EXECUTORCH, PADDLE_TENSORS, TENSORRT } from '../../formats/index.ts';
import { PADDLE_PROGRAM } from '../../formats/protobuf/index.ts';
import { MXNET_PARAMS } from '../../formats/tensor-lists/index.ts';
import type { Scanner } from '../scanner/index.ts';
import { executorchRules, mxnetRules, paddleRules, tensorrtRules } from './rules.ts';

/** Judges programs of Paddle and their parameters. Programs of version 3 are JSON, which the scanner of text leads here. */
export const paddleScanner: Scanner = {
  id: 'paddle',
  formats: [PADDLE_PROGRAM.id, PADDLE_TENSORS.id],
  rules: paddleRules,
  async scanFile(target, context) {
    const { judgePaddleProgram, judgePaddleTensors } = await import('./paddle.ts');
    await (target.format.id === PADDLE_PROGRAM.id ? judgePaddleProgram : judgePaddleTensors)(target, context);
  },
};

/** Judges parameters of MXNet. Its graphs are JSON, which the scanner of text leads here. */
export const mxnetScanner: Scanner = {
  id: 'mxnet',
  formats: [MXNET_PARAMS.id],
  rules: mxnetRules,
  async scanFile(target, context) {
    const { judgeMxnetParams } = await import('./mxnet.ts');
    await judgeMxnetParams(target, context);
  },
};

export const executorchScanner: Scanner = {
  id: 'executorch',
  formats: [EXECUTORCH.id],
  rules: executorchRules,
  async scanFile(target, context) {
    const { judgeExecutorch } = await import('./executorch.ts');
    await judgeExecutorch(target, context);
  },
};

export const tensorrtScanner: Scanner = {
  id: 'tensorrt',
  formats: [TENSORRT.id],
  rules: tensorrtRules,
  async scanFile(target, context) {
    const { judgeTensorrt } = await import('./tensorrt.ts');
    await judgeTensorrt(target, context);
  },
};
