import type { OperatorFamily } from '../../call/index.ts';
import { gatherAxis, gatherElements, gatherNd, oneHot } from './gather.ts';
import { scatterElements, scatterNd } from './scatter.ts';
import { tfSlice } from './slice.ts';

export const SELECT: OperatorFamily = {
  Gather: gatherAxis,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  ScatterND: scatterNd,
  ScatterElements: scatterElements,
  OneHot: oneHot,
  Slice: tfSlice,
};
