export { attestTests } from './attest.ts';
export { initSuite } from './init.ts';
export type { PlacedArtifact } from './model-file.ts';
export { type Recording, type RecordOptions, recordOutputs } from './record.ts';
export { type TestOptions, testModel } from './test-model.ts';
