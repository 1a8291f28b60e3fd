export { createStatement, type PolicyReference, type StatementInputs } from './create.ts';
export { omsRootsOf } from './oms-roots.ts';
export { isRuleName, UNWAIVABLE } from './predicate-schemas.ts';
export { readStatement } from './read.ts';
export { readTemplates } from './read-templates.ts';
export { approvedBy, isStage } from './stage.ts';
export {
  ASSAY_VERIFIER,
  type AttestationKind,
  BASELINE_DAYS,
  type BaselinePredicate,
  BREAK_GLASS_HOURS,
  BREAK_GLASS_OUTCOMES,
  type BreakGlassPredicate,
  type ConversionPredicate,
  type DataPredicate,
  type ImagePredicate,
  POLICY,
  PREDICATE_TYPES,
  RULESET,
  type Statement,
  type Statements,
  SUITE,
  statementKindOf,
  type TestsPredicate,
  type VerificationResult,
} from './statement.ts';
export {
  type ArtifactIdentity,
  isAbout,
  parseDigest,
  type ResourceDescriptor,
  type Subject,
  subjectOfTemplates,
  subjectsOf,
  subjectsOfFiles,
  subjectsOfNamespaces,
  type WantedDigest,
} from './subject.ts';
export { formatTime, parseTime } from './time.ts';
