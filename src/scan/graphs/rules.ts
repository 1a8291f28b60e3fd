import { graphRules, type Rule } from '../scanner/index.ts';

export const PADDLE_RULES = graphRules({ id: 'paddle', model: 'a Paddle model', runtime: 'PaddlePaddle' });
export const MXNET_RULES = graphRules({ id: 'mxnet', model: 'an MXNet model', runtime: 'MXNet' });
export const EXECUTORCH_RULES = graphRules({ id: 'executorch', model: 'an ExecuTorch program', runtime: 'ExecuTorch' });
export const TENSORRT_RULES = graphRules({ id: 'tensorrt', model: 'a TensorRT engine', runtime: 'TensorRT' });

export const paddleRules: readonly Rule[] = [
  PADDLE_RULES.dangerous,
  PADDLE_RULES.unlisted,
  PADDLE_RULES.custom,
  PADDLE_RULES.outside,
  PADDLE_RULES.structure,
  PADDLE_RULES.hidden,
];
export const mxnetRules: readonly Rule[] = [
  MXNET_RULES.dangerous,
  MXNET_RULES.unlisted,
  MXNET_RULES.custom,
  MXNET_RULES.structure,
  MXNET_RULES.hidden,
];
export const executorchRules: readonly Rule[] = [
  EXECUTORCH_RULES.custom,
  EXECUTORCH_RULES.structure,
  EXECUTORCH_RULES.hidden,
];
export const tensorrtRules: readonly Rule[] = [TENSORRT_RULES.custom];
