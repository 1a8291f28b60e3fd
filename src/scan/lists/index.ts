export { isUse, type ListedGlobal, USES, type Use } from './allowlist.ts';
export { allowlistFiles, listedGlobals, readAllowlist, shippedAllowlists } from './allowlists.ts';
export { dangerAmong, dangerOf } from './dangerous.ts';
export {
  isConstant,
  isOwnMember,
  makesCallable,
  mayHold,
  PLAIN,
  type StateKind,
  TAKING_USES,
  type Takes,
  type TakingUse,
  type TypesText,
  wrongWord,
} from './entry-types.ts';
export { pythonBrings } from './environment.ts';
export { type Allowance, createGlobalPolicy, type GlobalPolicy, type Standing } from './globals.ts';
export { whyRefused } from './refused-names.ts';
export { type Advisory, MAX_RULES_BYTES, parseRuleBundle, RULES_PAYLOAD, type RuleBundle } from './rule-bundle.ts';
export { BUILT_IN_LISTS, listsWith, mergedWith, type RuleLists } from './rule-lists.ts';
export { compareVersions, RULESET_VERSION } from './ruleset-version.ts';
