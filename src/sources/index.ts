export { checked } from './claim.ts';
export { openArtifact } from './open-artifact.ts';
export { type SourceOptions, envOf } from './source.ts';
