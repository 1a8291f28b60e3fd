import type { ConverterTable } from '../converter.ts';
import { ACTIVATION_LAYERS } from './activations.ts';
import { ATTENTION } from './attention.ts';
import { CONTAINERS } from './containers.ts';
import { CONVOLUTIONS } from './convolution.ts';
import { LINEARS } from './linear.ts';
import { NORMALIZATIONS } from './normalization.ts';
import { POOLS } from './pooling.ts';
import { RECURRENT } from './recurrent.ts';
import { SHAPES } from './shape.ts';

export { SEQUENCE } from './containers.ts';
export { IDENTITY } from './linear.ts';

/** The layers of `torch.nn`. */
export const LAYERS: ConverterTable = {
  ...ACTIVATION_LAYERS,
  ...ATTENTION,
  ...CONTAINERS,
  ...CONVOLUTIONS,
  ...LINEARS,
  ...NORMALIZATIONS,
  ...POOLS,
  ...RECURRENT,
  ...SHAPES,
};
