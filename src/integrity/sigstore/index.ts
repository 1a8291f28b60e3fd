export { bundledRoot, readTrustedRoot } from './trusted-root.ts';
export { verifyKeyless } from './verify-keyless.ts';
