import {
  convolve,
  convolveTransposed,
  type GraphTensor,
  type Padding,
  reshape,
  transpose,
} from '../../../network/index.ts';
import type { Lowering, OperationCall } from '../../graph/index.ts';
import { imageOf, imagePads, imageResult, isSecond, sides } from './image.ts';

/** Filters are [height, width, in, out]. */
export const conv2d: Lowering = (call) => {
  const { net } = call;
  const x = imageOf(call, call.input(0));
  const filter = filterOf(call);
  const kernel = transpose(net, filter, [3, 2, 0, 1]);
  const [channels, inner] = [x.shape[1], kernel.shape[1]];
  if (typeof channels !== 'number' || typeof inner !== 'number' || inner === 0 || channels % inner !== 0)
    throw call.broken(`has a filter of ${inner} channels for ${channels}`);
  const options = { pads: imagePads(call), strides: sides(call, 'strides'), dilations: sides(call, 'dilations') };
  return imageResult(call, convolve(net, x, kernel, undefined, { ...options, groups: channels / inner }));
};

/** Filters are [height, width, in, multiplier]: each channel has its own. */
export const depthwise: Lowering = (call) => {
  const { net } = call;
  const x = imageOf(call, call.input(0));
  const filter = filterOf(call);
  const [height, width, channels, multiplier] = filter.shape;
  if (
    typeof height !== 'number' ||
    typeof width !== 'number' ||
    typeof channels !== 'number' ||
    typeof multiplier !== 'number'
  )
    throw call.refuse('the size of its filter is not known');
  const turned = transpose(net, filter, [2, 3, 0, 1]);
  const kernel = reshape(net, turned, [channels * multiplier, 1, height, width]);
  const options = { pads: imagePads(call), strides: sides(call, 'strides'), dilations: sides(call, 'dilations') };
  return imageResult(call, convolve(net, x, kernel, undefined, { ...options, groups: channels }));
};

function filterOf(call: OperationCall): GraphTensor {
  const filter = call.tensor(1);
  if (filter.shape.length !== 4) throw call.broken(`has a filter of ${filter.shape.length} dimensions`);
  return filter;
}

/** A transposed convolution: the sizes of its result are given, and say how it is padded. Filters are [height, width, out, in]. */
export const conv2dBackprop: Lowering = (call) => {
  const { net } = call;
  const x = imageOf(call, call.input(2));
  const kernel = transpose(net, filterOf(call), [3, 2, 0, 1]);
  const [strides, dilations] = [sides(call, 'strides'), sides(call, 'dilations')];
  const sizes = call.input(0).known ?? [];
  const wanted = isSecond(call) ? sizes.slice(2) : sizes.slice(1, 3);
  const pads = imagePads(call);
  const outputPads: number[] = [];
  const cuts: Padding = [0, 1].map((axis) => {
    const [size, given, reach] = [wanted[axis], x.shape[axis + 2], kernel.shape[axis + 2]];
    if (typeof size !== 'number' || typeof given !== 'number' || typeof reach !== 'number')
      throw call.refuse('the size of its images is not known');
    const whole = (given - 1) * (strides[axis] ?? 1) + (reach - 1) * (dilations[axis] ?? 1) + 1;
    const over = whole - size;
    const before =
      pads === 'same-upper' || pads === 'same-lower' ? Math.floor(Math.max(0, over) / 2) : (pads[axis]?.[0] ?? 0);
    const behind = over - before;
    outputPads.push(Math.max(0, -behind));
    return [before, Math.max(0, behind)] as const;
  });
  const options = { strides, dilations, pads: cuts, outputPads, groups: 1 };
  return imageResult(call, convolveTransposed(net, x, kernel, undefined, options));
};
