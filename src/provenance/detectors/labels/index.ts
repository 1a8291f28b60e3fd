export { type Classes, labelClasses, MAX_CLASSES } from './classes.ts';
export { rowCopies } from './copies.ts';
export { confidentLabels, neighbourLabels } from './detectors.ts';
export type { FeatureRows } from './feature-rows.ts';
export { scaledFeatures } from './features.ts';
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
