export { type LiveRules, openLiveRules, printOf, steadyRules } from './live.ts';
export { isWaivable, nextStep } from './next-step.ts';
export { loadRegistryRules } from './rules.ts';
export {
  approvalsFor,
  checkWay,
  hasReached,
  isRuled,
  JUDGES,
  RULED_STAGES,
  type RuledStage,
  rulesFor,
} from './stage-machine.ts';
export { asksForApprovals, hasNewViolation, uncorrectable } from './violations.ts';
