export { RULES } from './catalogue.ts';
export { CHANGE_RULES, type ChangeRule } from './change-rules.ts';
export { GRAPH_CHOICE, GRAPH_CONSTANT, GRAPH_NODE } from './rebuild-rules.ts';
export { checkBundle } from './rule-bundle-check.ts';
export { rulesetOf } from './ruleset.ts';
export { applyLists } from './ruleset-apply.ts';
export { EMPTY_UNLISTED, UNCOVERED } from './signature-rules.ts';
