export {
  type Conversion,
  ConversionSchema,
  type ConvertedFile,
  ConvertedFileSchema,
} from './schema.ts';
export { type ConversionTarget, TARGETS } from './targets/index.ts';
export {
  type ComparedOutput,
  type ConversionVerification,
  OUTPUT_ROLES,
  type OutputRole,
  VERIFICATION_KINDS,
  VerificationSchema,
} from './verification/index.ts';
