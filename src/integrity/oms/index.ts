export { assessSignature } from './assess-signature.ts';
export type { SignedFile, SignedModel } from './compare.ts';
export { planOf } from './statement.ts';
export { verifyBundle } from './verify.ts';
