export { type ChosenLists, RULESET_CHOICES, type RulesetChoice, chosenLists, rulesPath } from './chosen-lists.ts';
export { type InstalledRules, MAX_BUNDLE_BYTES, type SignedInstalled, readBounded, readInstalled, readSigned, removeInstalled, writeInstalled } from './installed.ts';
export { knownWords } from './known-words.ts';
export { type SignedRules, openRules } from './signature.ts';
