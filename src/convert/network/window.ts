import type { Network } from './network.ts';
import type { GraphSize, GraphTensor } from './shape.ts';

/** Elements that are added before and behind, for each dimension of space. */
export type Padding = readonly (readonly [before: number, behind: number])[];

/** A window that moves over the dimensions of space, which are those behind the second. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** `same`: as many results as steps, with the odd element behind (`same-upper`) or before. */
  readonly pads: Padding | 'same-upper' | 'same-lower';
}

const MAX_SPACE = 3;

/** @throws AssayError `malformed` for a window that does not have the dimensions of space, or steps that are not positive */
export function checkWindow(net: Network, x: GraphTensor, { kernel, strides, dilations, pads }: Window): void {
  const space = x.shape.length - 2;
  const lists = [kernel, strides, dilations, ...(typeof pads === 'string' ? [] : [pads])];
  if (space < 1 || space > MAX_SPACE || lists.some((list) => list.length !== space))
    throw net.broken(`a window of ${kernel.length} dimensions does not move over an input of ${x.shape.length}`);
  const steps = [...kernel, ...strides, ...dilations];
  if (!steps.every((step) => Number.isSafeInteger(step) && step > 0))
    throw net.broken('a window has a size, stride or dilation that is not a positive whole number');
  if (typeof pads !== 'string' && !pads.flat().every((pad) => Number.isSafeInteger(pad) && pad >= 0))
    throw net.broken('a padding is not a whole number');
}

/** How far a window reaches in one dimension. */
export function reach({ kernel, dilations }: Window, axis: number): number {
  return ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
}

/** Steps of a window over one dimension. @throws AssayError `malformed` for an input that is smaller than the window */
export function stepsOver(net: Network, size: GraphSize, window: Window, axis: number): GraphSize {
  const { strides, pads } = window;
  const stride = strides[axis] ?? 1;
  if (typeof size !== 'number') return undefined;
  if (typeof pads === 'string') return Math.ceil(size / stride);
  const [before = 0, behind = 0] = pads[axis] ?? [];
  const steps = Math.floor((size + before + behind - reach(window, axis)) / stride) + 1;
  if (steps < 1) throw net.broken(`a window of ${reach(window, axis)} does not fit into ${size + before + behind}`);
  return steps;
}

/** The attributes that the operators with windows share. */
export function windowAttributes({ kernel, strides, dilations, pads }: Window) {
  const auto = { 'same-upper': 'SAME_UPPER', 'same-lower': 'SAME_LOWER' } as const;
  return {
    kernel_shape: kernel,
    strides,
    dilations,
    ...(typeof pads === 'string' ? { auto_pad: auto[pads] } : { pads: padList(pads) }),
  };
}

/** All that is added before, then all behind, as ONNX lists it. */
export function padList(pads: Padding): number[] {
  return [...pads.map(([before]) => before), ...pads.map(([, behind]) => behind)];
}
