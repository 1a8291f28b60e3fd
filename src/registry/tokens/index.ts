export { isSameNamed, isSamePerson } from './people.ts';
export { tenants } from './tenants.ts';
export { authenticate, createToken, revokeToken, type TokenRequest, tokens } from './tokens.ts';
