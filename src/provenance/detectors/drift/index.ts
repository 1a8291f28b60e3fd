export { featureDrift } from './feature-drift.ts';
export { labelDrift } from './label-drift.ts';
export { schemaDrift } from './schema-drift.ts';
