export { type Assess, type ConvertOptions, convertArtifact, refuseOptions } from './convert.ts';
export { ConversionMismatch } from './mismatch.ts';
export type { SandboxedConversion } from './sandboxed.ts';
export type { VerifyRequest } from './verify.ts';
