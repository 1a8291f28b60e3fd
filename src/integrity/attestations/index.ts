export { CONVERSION_NAME, type CoveredFile } from './covered-files.ts';
export { type AttestedData, attestedDataOf } from './data.ts';
export { signStatement } from './sign-statement.ts';
export { testsOf } from './tests.ts';
export { trainingOf } from './training.ts';
export {
  endOf,
  type VerifiedAttestation,
  type VerifyAttestationOptions,
  verifyAttestation,
} from './verify-attestation.ts';
export { waiverOf } from './waiver.ts';
