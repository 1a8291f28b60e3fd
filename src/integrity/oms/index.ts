export { assessSignature, unassessedSignature } from './assess-signature.ts';
export type { SignedFile, SignedModel } from './compare.ts';
export { planOf } from './statement.ts';
export { type VerifiedModelSignature, verifyBundle } from './verify.ts';
