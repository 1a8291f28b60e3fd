export { type AllowanceFile, allowancesOf, NO_ALLOWANCES, readAllowances } from './allowance-file.ts';
export type { AttestedSubject, GivenAttestation } from './attestation-check.ts';
export { type AssessmentOptions, assessBy, decideBy, type Evaluated, type Rules, type Terms } from './evaluate.ts';
export { type GivenEvidence, NO_GIVEN_EVIDENCE } from './given-evidence.ts';
