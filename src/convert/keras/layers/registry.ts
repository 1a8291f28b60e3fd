import type { LayerKind } from '../model/index.ts';
import { ATTENTIONS } from './attention.ts';
import { BOTH_DIRECTIONS } from './bidirectional.ts';
import { CONVOLUTIONS } from './convolution.ts';
import { DENSE_LAYERS } from './dense.ts';
import { MERGES } from './merging.ts';
import { NORMALIZATIONS } from './normalization.ts';
import { POOLS } from './pooling.ts';
import { RECURRENT } from './recurrent.ts';
import { SHAPES } from './shapes.ts';
import { WRAPPERS } from './time-distributed.ts';

/** The layers that are converted, by their classes. Adding one is an entry in a file of this folder. */
const KINDS: ReadonlyMap<string, LayerKind> = new Map(
  [
    DENSE_LAYERS,
    CONVOLUTIONS,
    POOLS,
    NORMALIZATIONS,
    SHAPES,
    MERGES,
    RECURRENT,
    BOTH_DIRECTIONS,
    WRAPPERS,
    ATTENTIONS,
  ].flatMap((kinds) => Object.entries(kinds)),
);

export function layerKind(className: string): LayerKind | undefined {
  return KINDS.get(className);
}
