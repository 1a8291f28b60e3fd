export { checkAddress } from './address-rules.ts';
export { discard } from './discard.ts';
export { type Credential, type Egress, type EgressInit, type EgressOptions, createEgress } from './egress.ts';
export { httpError, tooMany } from './http-error.ts';
