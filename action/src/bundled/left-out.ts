import { AssayError } from '../../../src/core/index.ts';

// Stands in for what no input of the Action leads to: signatures and attestations, which it is not asked to verify, graphs, which it is not asked to
// rebuild, tests and their data, training runs, and what other clients need.

function leftOut(): never {
  throw new AssayError('internal', 'is not part of the GitHub Action');
}

export const verifyAttestation = leftOut;
export const verifyBundle = leftOut;
export const compareModel = leftOut;
export const planName = leftOut;
export const planOf = leftOut;
export const gitsOwnFiles = leftOut;
export const createBLAKE3 = leftOut;
export const runRebuild = leftOut;
export const attestationCheck = leftOut;
export const attestationNotes = leftOut;
export const withTests = leftOut;
export const areTestsOf = leftOut;
export const withTraining = leftOut;
export const run = leftOut;
