export type { AskBase } from '../../provenance/lineage/index.ts';
export { attestTraining } from './attest.ts';
export { withLineage } from './data-check.ts';
export { givenFiles } from './given.ts';
export { type AssessedLineage, assessLineage, type LineageOptions } from './lineage.ts';
