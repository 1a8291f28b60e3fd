export { checkAddress, networkOf } from './address-rules.ts';
export { portlessMessage } from './connection-error.ts';
export { discard } from './discard.ts';
export { type Credential, createEgress, type Egress, type EgressInit, type EgressOptions } from './egress.ts';
export { httpError, tooMany } from './http-error.ts';
export { receivedBytes } from './received.ts';
