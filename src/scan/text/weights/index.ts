export { itemFindings, shardFindings, shardRules } from './locations.ts';
export { WeightMap } from './weight-map.ts';
