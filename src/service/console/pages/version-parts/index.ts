export { approvalsPart, boundTo } from './approvals.ts';
export { runFacts, testsPart } from './tests.ts';
