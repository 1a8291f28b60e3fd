export {
  type ComparedOutput,
  type ConversionVerification,
  OUTPUT_ROLES,
  type OutputRole,
  VERIFICATION_KINDS,
  VerificationSchema,
} from './verification.ts';
