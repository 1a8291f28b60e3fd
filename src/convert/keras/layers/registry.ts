import type { LayerKind } from '../model/index.ts';
import { ATTENTIONS } from './attention.ts';
import { BOTH_DIRECTIONS } from './bidirectional.ts';
import { KERAS_CONVOLUTIONS } from './convolution.ts';
import { DENSE_LAYERS } from './dense.ts';
import { MERGES } from './merging.ts';
import { KERAS_NORMALIZATIONS } from './normalization.ts';
import { KERAS_POOLS } from './pooling.ts';
import { KERAS_RECURRENT } from './recurrent.ts';
import { KERAS_SHAPES } from './shapes.ts';
import { WRAPPERS } from './time-distributed.ts';

/** The layers that are converted, by their classes. Adding one is an entry in a file of this folder. */
const KINDS: ReadonlyMap<string, LayerKind> = new Map(
  [
    DENSE_LAYERS,
    KERAS_CONVOLUTIONS,
    KERAS_POOLS,
    KERAS_NORMALIZATIONS,
    KERAS_SHAPES,
    MERGES,
    KERAS_RECURRENT,
    BOTH_DIRECTIONS,
    WRAPPERS,
    ATTENTIONS,
  ].flatMap((kinds) => Object.entries(kinds)),
);

export function layerKind(className: string): LayerKind | undefined {
  return KINDS.get(className);
}
