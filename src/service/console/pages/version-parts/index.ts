export { approvalsPart, boundTo } from './approvals.ts';
export { currentDecisionBlock, refusedNotes, type SeenAssessment } from './decision.ts';
export { runFacts, testsPart } from './tests.ts';
