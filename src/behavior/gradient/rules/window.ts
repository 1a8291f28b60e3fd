import type { BackStep } from '../step.ts';

/** How a window moves over the spatial axes of a tensor. */
export interface SpatialWindow {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** What is added before each axis. What is added behind follows from the sizes. */
  readonly before: readonly number[];
  /** Sizes of the spatial axes of the larger side: the input of a convolution, the result of a transposed one. */
  readonly large: readonly number[];
  readonly small: readonly number[];
}

const MAX_KERNEL = 1 << 20;

/**
 * The window of a convolution or a pooling.
 * @param large, small the names of the tensors on both sides
 */
export function spatialWindow(step: BackStep, kernel: readonly number[], large: string, small: string): SpatialWindow {
  const { attributes } = step;
  const space = kernel.length;
  const whole = (name: string, list: readonly number[], length: number, least: number): readonly number[] => {
    if (list.length !== length || list.some((one) => one < least || one > MAX_KERNEL))
      throw step.malformed(`its attribute ${name} does not fit ${space} axes`);
    return list;
  };
  whole('kernel_shape', kernel, space, 1);
  if (kernel.reduce((product, size) => product * size, 1) > MAX_KERNEL) throw step.refuse('its kernel is too large');
  const ones = kernel.map(() => 1);
  const strides = whole('strides', attributes.ints('strides') ?? ones, space, 1);
  const dilations = whole('dilations', attributes.ints('dilations') ?? ones, space, 1);
  const sizes = (name: string) => {
    if (step.shape(name).length !== space + 2) throw step.malformed(`it does not have ${space} axes of space`);
    return kernel.map((_, axis) => step.size(name, axis + 2));
  };
  const [larger, smaller] = [sizes(large), sizes(small)];
  const reach = kernel.map((size, axis) => (size - 1) * (dilations[axis] ?? 1) + 1);
  const auto = attributes.text('auto_pad', 'NOTSET');
  const before =
    auto === 'SAME_UPPER' || auto === 'SAME_LOWER'
      ? larger.map((size, axis) => {
          const all = ((smaller[axis] ?? 0) - 1) * (strides[axis] ?? 1) + (reach[axis] ?? 0) - size;
          return auto === 'SAME_UPPER' ? Math.floor(Math.max(0, all) / 2) : Math.ceil(Math.max(0, all) / 2);
        })
      : auto === 'VALID'
        ? kernel.map(() => 0)
        : whole('pads', attributes.ints('pads') ?? [...ones, ...ones].map(() => 0), 2 * space, 0).slice(0, space);
  return { kernel, strides, dilations, before, large: larger, small: smaller };
}

/** What is left or added behind the last window, so that the sizes fit: negative where elements are not looked at. */
export function paddingBehind({ kernel, strides, dilations, before, large, small }: SpatialWindow): readonly number[] {
  return kernel.map((size, axis) => {
    const reach = (size - 1) * (dilations[axis] ?? 1) + 1;
    const covered = ((small[axis] ?? 0) - 1) * (strides[axis] ?? 1) + reach;
    return covered - (large[axis] ?? 0) - (before[axis] ?? 0);
  });
}

/** A convolution whose result has the smaller sizes of the window. */
export function convolution(
  { ops }: BackStep,
  x: string,
  kernel: string,
  window: SpatialWindow,
  group: number,
): string {
  const behind = paddingBehind(window).map((count) => Math.max(0, count));
  const { strides, dilations, before } = window;
  return ops.op('Conv', [x, kernel], {
    kernel_shape: window.kernel,
    strides,
    dilations,
    pads: [...before, ...behind],
    group,
  });
}

/** The transpose of that convolution: its result has the larger sizes. */
export function transposedConvolution(
  { ops }: BackStep,
  x: string,
  kernel: string,
  window: SpatialWindow,
  group: number,
): string {
  const behind = paddingBehind(window);
  const { strides, dilations, before } = window;
  const pads = [...before, ...behind.map((count) => Math.max(0, count))];
  const attributes = { kernel_shape: window.kernel, strides, dilations, pads, group };
  const covered = ops.op('ConvTranspose', [x, kernel], attributes);
  // Elements behind the last window have no gradient.
  return ops.pad(covered, [0, 0, ...before.map(() => 0)], [0, 0, ...behind.map((count) => Math.max(0, -count))]);
}

/**
 * The transpose of a convolution of one group without strides, as a convolution by the kernel turned around: runtimes have
 * faster ones. @returns undefined where the padding is more than the kernel reaches
 */
export function turnedConvolution(
  { ops }: BackStep,
  x: string,
  kernel: string,
  window: SpatialWindow,
): string | undefined {
  if (window.strides.some((one) => one !== 1)) return undefined;
  const reach = window.kernel.map((size, axis) => (size - 1) * (window.dilations[axis] ?? 1));
  const before = reach.map((far, axis) => far - (window.before[axis] ?? 0));
  const behind = paddingBehind(window).map((count, axis) => (reach[axis] ?? 0) - count);
  if ([...before, ...behind].some((count) => count < 0)) return undefined;
  const axes = window.kernel.map((_, axis) => axis + 2);
  const swapped = ops.transpose(kernel, [1, 0, ...axes]);
  const back = ops.ints(axes.map(() => -1));
  const turned = ops.op('Slice', [
    swapped,
    back,
    ops.ints(window.kernel.map((size) => -size - 1)),
    ops.ints(axes),
    back,
  ]);
  return ops.op('Conv', [x, turned], {
    kernel_shape: window.kernel,
    dilations: window.dilations,
    pads: [...before, ...behind],
  });
}

/** The window of a pooling. */
export function poolWindow(step: BackStep): SpatialWindow {
  const kernel = step.attributes.ints('kernel_shape');
  if (kernel === undefined) throw step.malformed('it has no kernel_shape');
  return spatialWindow(step, kernel, step.input(0), step.output());
}
