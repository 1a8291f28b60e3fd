export { type Approvable, type GivenApproval, signForApprover, verifyApproval } from './approval.ts';
export { digestOfStatement, signWaiver, verifyWaiver } from './waiver.ts';
