export { type AllowanceFile, allowancesOf, NO_ALLOWANCES, readAllowances } from './allowance-file.ts';
export type { AttestedSubject, GivenAttestation } from './attestation-check.ts';
export { type AssessmentOptions, assessBy, decideBy, type Evaluated, type Rules, type Terms } from './evaluate.ts';
export { type GivenWaivers, NO_GIVEN_WAIVERS } from './given-waivers.ts';
