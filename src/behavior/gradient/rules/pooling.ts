import { DYNAMIC } from '../shapes.ts';
import type { BackStep, GradientRule } from '../step.ts';
import { convolution, type SpatialWindow, spatialWindow, transposedConvolution } from './window.ts';

/** Poolings: windows of which one number is made. */
export const POOLING_GRADIENTS: Readonly<Record<string, GradientRule>> = {
  MaxPool: { back: maxPool },
  AveragePool: { back: averagePool },
  GlobalAveragePool: { back: globalAverage },
  GlobalMaxPool: { back: globalMax },
};

/** Numbers in the windows of one example. */
const MAX_PATCHES = 1 << 28;
/** Below every number that a pooling is given, and finite: zero times infinity is not a number. */
const LOWEST = -3e38;

function poolWindow(step: BackStep): SpatialWindow {
  const kernel = step.attributes.ints('kernel_shape');
  if (kernel === undefined) throw step.malformed('it has no kernel_shape');
  return spatialWindow(step, kernel, step.input(0), step.output());
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}

/**
 * The first largest number of a window has its gradient. Convolutions with one-hot kernels lay out the windows, and put the
 * gradients back: operators that each provider has, in every operator set, for windows that overlap.
 */
function maxPool(step: BackStep): void {
  const { ops } = step;
  const window = poolWindow(step);
  const x = step.input(0);
  const channels = step.size(x, 1);
  const places = product(window.kernel);
  if (channels * places * product(window.small) > MAX_PATCHES) throw step.refuse('its windows are too large');
  const picks = new Float64Array(channels * places * places);
  for (let channel = 0; channel < channels; channel++)
    for (let place = 0; place < places; place++) picks[(channel * places + place) * places + place] = 1;
  const kernel = ops.reals(picks, [channels * places, 1, ...window.kernel]);
  const split = [DYNAMIC, channels, places, ...window.small];
  const patches = ops.reshape(convolution(step, x, kernel, window, channels), split);
  const inside = ops.reals(insideOf(window), [1, 1, places, ...window.small]);
  const known = ops.where(ops.op('Greater', [inside, ops.real(0.5)]), patches, ops.real(LOWEST));
  const best = ops.op('ArgMax', [known], { axis: 2, keepdims: 1 });
  const each = ops.ints(
    Array.from({ length: places }, (_, place) => place),
    [1, 1, places, ...window.small.map(() => 1)],
  );
  const gradient = ops.unsqueeze(step.gradient(), [2]);
  const placed = ops.where(ops.op('Equal', [best, each]), gradient, ops.real(0));
  const flat = ops.reshape(placed, [DYNAMIC, channels * places, ...window.small]);
  step.give(0, transposedConvolution(step, flat, kernel, window, channels));
}

/** 1 where a place of a window lies within the input, 0 in the padding. [places, ...small] */
function insideOf({ kernel, strides, dilations, before, large, small }: SpatialWindow): Float64Array {
  const places = product(kernel);
  const windows = product(small);
  const inside = new Float64Array(places * windows).fill(1);
  for (let place = 0; place < places; place++) {
    for (let at = 0; at < windows; at++) {
      let [restPlace, restAt] = [place, at];
      for (let axis = kernel.length - 1; axis >= 0; axis--) {
        const [k = 1, n = 1] = [kernel[axis], small[axis]];
        const position =
          (restAt % n) * (strides[axis] ?? 1) + (restPlace % k) * (dilations[axis] ?? 1) - (before[axis] ?? 0);
        if (position < 0 || position >= (large[axis] ?? 0)) inside[place * windows + at] = 0;
        restPlace = Math.floor(restPlace / k);
        restAt = Math.floor(restAt / n);
      }
    }
  }
  return inside;
}

/** The pooling of ones says the share of each number of a window, as the runtime counts padding. */
function averagePool(step: BackStep): void {
  const { ops, attributes } = step;
  const window = poolWindow(step);
  const channels = step.size(step.input(0), 1);
  const ones = ops.ones([1, 1, ...window.large]);
  const average = ops.op('AveragePool', [ones], attributes.all);
  const count = convolution(step, ones, ops.ones([1, 1, ...window.kernel]), window, 1);
  const share = ops.div(average, ops.op('Max', [count, ops.real(1)]));
  const kernel = ops.ones([channels, 1, ...window.kernel]);
  step.give(0, transposedConvolution(step, ops.mul(step.gradient(), share), kernel, window, channels));
}

function globalAverage(step: BackStep): void {
  const { ops } = step;
  const count = product(step.inputShape.slice(2).map((_, axis) => step.size(step.input(0), axis + 2)));
  step.give(0, ops.expandLike(ops.scale(step.gradient(), 1 / count), step.input(0)));
}

function globalMax(step: BackStep): void {
  const { ops } = step;
  const axes = step.inputShape.slice(2).map((_, axis) => axis + 2);
  const mask = ops.mask(ops.op('Equal', [step.input(0), step.output()]));
  step.give(0, ops.mul(mask, ops.div(step.gradient(), ops.sum(mask, axes))));
}
