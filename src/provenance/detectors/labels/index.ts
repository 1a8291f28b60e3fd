export { type Classes, classesOf, MAX_CLASSES } from './classes.ts';
export { copiesOf } from './copies.ts';
export { CONFIDENT_LABELS, NEIGHBOUR_LABELS } from './detectors.ts';
export { scaledFeatures } from './features.ts';
export type { Matrix } from './matrix.ts';
export {
  AGREE,
  disagreeing,
  NEIGHBOURS,
  type NearestRows,
  type Neighbourhoods,
  nearestRows,
  neighbourhoods,
} from './neighbours.ts';
export { telling } from './prepare.ts';
