export { signStatement } from './sign-statement.ts';
export { endOf, type VerifiedAttestation, verifyAttestation } from './verify-attestation.ts';
export { waiverOf } from './waiver.ts';
