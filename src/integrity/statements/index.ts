export { type PolicyReference, type StatementInputs, createStatement } from './create.ts';
export { omsRootsOf } from './oms-roots.ts';
export { UNWAIVABLE, isRuleName } from './predicate-schemas.ts';
export { readStatement } from './read.ts';
export { approvedBy, isStage } from './stage.ts';
export { ASSAY_VERIFIER, type AttestationKind, BREAK_GLASS_HOURS, BREAK_GLASS_OUTCOMES, type BreakGlassPredicate, POLICY, PREDICATE_TYPES, RULESET, type Statement, type Statements, type VerificationResult, kindOf } from './statement.ts';
export { type ArtifactIdentity, type ResourceDescriptor, type Subject, type WantedDigest, isAbout, parseDigest, subjectsOf, subjectsOfNamespaces } from './subject.ts';
export { formatTime, parseTime } from './time.ts';
