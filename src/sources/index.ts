export { checked } from './claim.ts';
export { openArtifact } from './open-artifact.ts';
export { envOf, type SourceOptions } from './source.ts';
