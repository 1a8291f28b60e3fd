import type { OperatorFamily } from '../../call/index.ts';
import { tfConcat, tfSplit, tile } from './join.ts';
import { constant, constantOfShape, range, trilu } from './make.ts';
import { tfPad } from './pad.ts';
import {
  depthToSpace,
  expandTo,
  spaceToDepth,
  tfFlatten,
  tfReshape,
  tfSqueeze,
  tfTranspose,
  tfUnsqueeze,
} from './reshape.ts';
import { cast, castLike, shape, size } from './types.ts';

export const SHAPE: OperatorFamily = {
  Identity: (call) => call.input(0),
  Dropout: (call) => {
    if (call.gives(1)) throw call.refuse('its mask is asked for');
    if (call.optional(2) !== undefined) throw call.refuse('it can train');
    return call.input(0);
  },
  Cast: cast,
  CastLike: castLike,
  Shape: shape,
  Size: size,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  Trilu: trilu,
  Reshape: tfReshape,
  Flatten: tfFlatten,
  Transpose: tfTranspose,
  Squeeze: tfSqueeze,
  Unsqueeze: tfUnsqueeze,
  Expand: expandTo,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Concat: tfConcat,
  Split: tfSplit,
  Tile: tile,
  Pad: tfPad,
};
