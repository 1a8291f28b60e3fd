export { type Assess, type ConvertOptions, convertArtifact } from './convert.ts';
export type { ConvertibleTarget } from './messages.ts';
