import { type GraphSize, type GraphTensor, type Resizing, resize } from '../../../network/index.ts';
import type { Datum, Lowering, OperationCall } from '../../graph/index.ts';
import { imageOf, imageResult } from './image.ts';

function resized(call: OperationCall, options: (coordinates: Resizing['coordinates']) => Resizing): Datum {
  const x = imageOf(call, call.input(0));
  const sizes = call.integers(1);
  const [corners, centers] = [call.flag('align_corners'), call.flag('half_pixel_centers')];
  if (corners && centers) throw call.broken('aligns both corners and centres');
  const coordinates = corners ? 'align_corners' : centers ? 'half_pixel' : 'asymmetric';
  return imageResult(call, resize(call.net, x, { sizes }, options(coordinates)));
}

export const resizeBilinear: Lowering = (call) => resized(call, (coordinates) => ({ mode: 'linear', coordinates }));

/** Which pixel is the nearest of two: the first one, but with corners that are aligned. */
export const resizeNearest: Lowering = (call) =>
  resized(call, (coordinates) => ({
    mode: 'nearest',
    coordinates,
    rounding: coordinates === 'asymmetric' ? 'floor' : 'round_prefer_ceil',
  }));

function blocks(call: OperationCall, x: GraphTensor, op: 'DepthToSpace' | 'SpaceToDepth'): GraphTensor {
  const block = call.count('block_size', 0);
  const [batch, channels, height, width] = x.shape;
  const grows = op === 'DepthToSpace';
  const scaled = (size: GraphSize, grow: boolean, factor: number): GraphSize => {
    if (typeof size !== 'number') return undefined;
    const made = grow ? size * factor : size / factor;
    if (!Number.isSafeInteger(made) || made < 1) throw call.broken(`has blocks of ${block} that do not fit`);
    return made;
  };
  if (block < 1) throw call.broken(`has blocks of ${block}`);
  const shape = [
    batch,
    scaled(channels, !grows, block * block),
    scaled(height, grows, block),
    scaled(width, grows, block),
  ];
  return call.net.op(op, [x], { type: x.type, shape }, { blocksize: block });
}

export const depthToSpaceOf: Lowering = (call) =>
  imageResult(call, blocks(call, imageOf(call, call.input(0)), 'DepthToSpace'));

export const spaceToDepthOf: Lowering = (call) =>
  imageResult(call, blocks(call, imageOf(call, call.input(0)), 'SpaceToDepth'));
