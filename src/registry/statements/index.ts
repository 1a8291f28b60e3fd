export { type Approvable, type GivenApproval, signForApprover, verifyApproval } from './approval.ts';
export { type SignedImage, verifyImage } from './image.ts';
export { badTests, MAX_TESTS_ATTESTATION, type SignedTests, signTests, verifyTests } from './tests.ts';
export { digestOfStatement, signWaiver, verifyWaiver } from './waiver.ts';
