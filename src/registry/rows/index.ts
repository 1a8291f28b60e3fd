export {
  type ApprovalRow,
  approvalOfRow,
  approvalRows,
  isAccepted,
  isLive,
  policyApproval,
  stillNeeded,
} from './approvals.ts';
export {
  assessmentOfRow,
  type DecisionRow,
  decisionIn,
  decisionOfRow,
  newestAssessment,
  newestAssessmentRow,
  newestDecisions,
} from './decisions.ts';
export { imageOfRow } from './images.ts';
export { suiteIn, suiteText } from './suites.ts';
export { type TestRunRow, testRunOfRow, testRunRows, testsIn } from './test-runs.ts';
export {
  neededBy,
  openTransition,
  type TransitionRow,
  transitionOfRow,
  transitionRow,
  votesOf,
} from './transitions.ts';
export {
  isExact,
  labelOf,
  NO_LINEAGE,
  saysAnything,
  type VersionRow,
  versionOf,
  versionOfRow,
  versionRow,
  versionsOfRows,
} from './versions.ts';
export { storedWaiversFor, waiverOfRow } from './waivers.ts';
