export { type ApprovalRow, approvalOfRow, approvalRows, isAccepted, isLive, policyApproval, stillNeeded } from './approvals.ts';
export { type DecisionRow, assessmentOfRow, decisionIn, decisionOfRow, newestAssessment, newestDecisions } from './decisions.ts';
export { type TransitionRow, neededBy, openTransition, transitionOfRow, transitionRow, votesOf } from './transitions.ts';
export { NO_LINEAGE, type VersionRow, isExact, labelOf, saysAnything, versionOf, versionOfRow, versionRow, versionsOfRows } from './versions.ts';
export { storedWaiversFor, waiverOfRow } from './waivers.ts';
