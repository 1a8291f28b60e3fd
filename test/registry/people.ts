import type { Principal, Role } from '../../src/registry/index.ts';

const ISSUER = 'https://login.example';

/** A person of `acme` with a session. */
export function person(subject: string, ...roles: Role[]): Principal {
  return { tenant: 'acme', subject, issuer: ISSUER, roles, via: 'oidc' };
}

export const sam = person('sam', 'submitter');
export const rita = person('rita', 'reviewer');
export const rolf = person('rolf', 'reviewer');
export const selma = person('selma', 'security-approver');
export const ada = person('ada', 'admin', 'reviewer', 'security-approver');
export const stranger: Principal = { ...ada, tenant: 'other' };
