export { type Assess, type ConvertOptions, convertArtifact } from './convert.ts';
