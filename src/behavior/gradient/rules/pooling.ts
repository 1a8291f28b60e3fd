import type { BackStep, GradientRule } from '../step.ts';
import { maxPoolBack } from './max-pool.ts';
import { convolution, poolWindow, transposedConvolution } from './window.ts';

/** Poolings: windows of which one number is made. */
export const POOLING_GRADIENTS: Readonly<Record<string, GradientRule>> = {
  MaxPool: { back: maxPoolBack },
  AveragePool: { back: averagePool },
  GlobalAveragePool: { back: globalAverage },
  GlobalMaxPool: { back: globalMax },
};

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
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
