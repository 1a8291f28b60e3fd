export { signStatement } from './sign-statement.ts';
export { type VerifiedAttestation, endOf, verifyAttestation } from './verify-attestation.ts';
export { waiverOf } from './waiver.ts';
