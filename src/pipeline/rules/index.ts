export type { ChosenLists } from './chosen.ts';
export { chosenLists, RULESET_CHOICES, type RulesetChoice, rulesPath } from './chosen-lists.ts';
export {
  type InstalledRules,
  MAX_BUNDLE_BYTES,
  readBounded,
  readInstalled,
  readSigned,
  removeInstalled,
  type SignedInstalled,
  writeInstalled,
} from './installed.ts';
export { knownWords } from './known-words.ts';
export { openRules, type SignedRules } from './signature.ts';
