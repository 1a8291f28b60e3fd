export {
  type Conversion,
  ConversionSchema,
  type ConversionTarget,
  type ConvertedFile,
  ConvertedFileSchema,
  TARGETS,
} from './schema.ts';
export {
  type ComparedOutput,
  type ConversionVerification,
  OUTPUT_ROLES,
  type OutputRole,
  VERIFICATION_KINDS,
  VerificationSchema,
} from './verification.ts';
