export { type LiveRules, openLiveRules } from './live.ts';
export { loadRegistryRules } from './rules.ts';
export { JUDGES, RULED_STAGES, type RuledStage, approvalsFor, checkWay, hasReached, isRuled, rulesFor } from './stage-machine.ts';
export { hasNewViolation, uncorrectable } from './violations.ts';
