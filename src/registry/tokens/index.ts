export { tenants } from './tenants.ts';
export { authenticate, createToken, peopleBehind, revokeToken, tokens } from './tokens.ts';
