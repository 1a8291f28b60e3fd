export { keepRun } from './keep.ts';
export { addTestRun, revokeTestRun, testAttestations, versionTests } from './runs.ts';
