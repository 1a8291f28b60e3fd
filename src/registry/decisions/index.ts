export { digestOf, voidApproval } from './carry-over.ts';
export { combinedDecision } from './combined.ts';
export { currentDecisions, versionsOf } from './current-decisions.ts';
export { decideVersion, storeAnswer } from './decide-version.ts';
export { reevaluate } from './reevaluate.ts';
export { standingRuns, testedBy } from './tested.ts';
