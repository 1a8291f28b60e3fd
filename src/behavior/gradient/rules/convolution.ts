import type { BackStep, GradientRule } from '../step.ts';
import { convolution, spatialWindow, transposedConvolution, turnedConvolution } from './window.ts';

/** Convolutions, of one to three axes of space, by kernels that do not depend on the input. */
export const CONVOLUTION_GRADIENTS: Readonly<Record<string, GradientRule>> = {
  Conv: { back: (step) => back(step, false) },
  ConvTranspose: { back: (step) => back(step, true) },
};

function back(step: BackStep, transposed: boolean): void {
  step.onlyActive(0);
  const [x, kernel, y] = [step.input(0), step.input(1), step.output()];
  const [, , ...space] = step.shape(kernel);
  const declared = step.attributes.ints('kernel_shape');
  if (space.length === 0 || (declared !== undefined && declared.join() !== space.join()))
    throw step.malformed('its kernel does not have the sizes that it says');
  const group = step.attributes.int('group', 1);
  if (transposed) {
    if (step.attributes.text('auto_pad', 'NOTSET').startsWith('SAME')) throw step.refuse('its padding is SAME');
    step.give(0, convolution(step, step.gradient(), kernel, spatialWindow(step, space, y, x), group));
    return;
  }
  const window = spatialWindow(step, space, x, y);
  const gradient = step.gradient();
  const turned = group === 1 ? turnedConvolution(step, gradient, kernel, window) : undefined;
  step.give(0, turned ?? transposedConvolution(step, gradient, kernel, window, group));
}
