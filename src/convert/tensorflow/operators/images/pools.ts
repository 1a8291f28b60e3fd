import { averagePool, maxPool } from '../../../network/index.ts';
import type { Lowering, OperationCall } from '../../graph/index.ts';
import { imageOf, imagePads, imageResult, sides } from './image.ts';

function windowOf(call: OperationCall) {
  return {
    kernel: sides(call, 'ksize'),
    strides: sides(call, 'strides'),
    dilations: [1, 1],
    pads: imagePads(call),
    ceil: false,
  };
}

export const maxPool2d: Lowering = (call) =>
  imageResult(call, maxPool(call.net, imageOf(call, call.input(0)), windowOf(call)));

/** Padding does not count. */
export const averagePool2d: Lowering = (call) => {
  const { dilations: _, ...window } = windowOf(call);
  const options = { ...window, countPads: false, divisor: undefined };
  return imageResult(call, averagePool(call.net, imageOf(call, call.input(0)), options));
};
