export {
  ArtifactSchema,
  CachedSchema,
  CoverageGapsSchema,
  CoverageRangeSchema,
  RiskSchema,
  RulesetSchema,
  StatsSchema,
  StatusSchema,
} from './assessment.ts';
export { CHECK_RESULTS, CheckSchema } from './check.ts';
export {
  ActionSchema,
  DecisionSchema,
  JudgedWaiverSchema,
  RuleOutcomeSchema,
  ViolationSchema,
  WaiverSchema,
} from './decision.ts';
export { DeclaredSchema } from './declared.ts';
export { FileSchema, READINGS } from './file.ts';
export { FindingSchema, FingerprintSchema } from './finding.ts';
export { ReadingSchema } from './reading.ts';
export {
  CertificateSignerSchema,
  KeylessSignerSchema,
  KeySignerSchema,
  SignatureSchema,
  SignerSchema,
  UncoveredFileSchema,
} from './signature.ts';
