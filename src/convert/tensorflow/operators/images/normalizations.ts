import { batchNormalization, localResponse } from '../../../network/index.ts';
import type { Lowering } from '../../graph/index.ts';
import { imageOf, imageResult } from './image.ts';

export const fusedBatchNorm: Lowering = (call) => {
  const training = call.attribute('is_training', 'bool')?.value ?? true;
  if (training) throw call.refuse('it trains: save the model for inference');
  const [scale, offset, mean, variance] = [1, 2, 3, 4].map((index) => call.tensor(index));
  if (scale === undefined || offset === undefined || mean === undefined || variance === undefined)
    throw call.broken('has no statistics');
  const epsilon = call.number('epsilon', 1e-4);
  const result = batchNormalization(call.net, imageOf(call, call.input(0)), { scale, offset, mean, variance, epsilon });
  return [imageResult(call, result)];
};

/** ONNX divides alpha by the size. */
export const localResponses: Lowering = (call) => {
  const size = 2 * call.count('depth_radius', 5) + 1;
  const alpha = call.number('alpha', 1) * size;
  const options = { size, alpha, beta: call.number('beta', 0.5), k: call.number('bias', 1) };
  return imageResult(call, localResponse(call.net, imageOf(call, call.input(0)), options));
};
