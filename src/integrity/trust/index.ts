export { checkIdentityPattern, checkNamePattern, identityMatches } from './identity-pattern.ts';
export type { IdentityPattern, Trust, ValidityPolicy } from './trust.ts';
