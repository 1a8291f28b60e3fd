export { attestTraining } from './attest.ts';
export { type AssessedLineage, assessLineage, type LineageOptions } from './lineage.ts';
