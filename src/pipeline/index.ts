export { type AssessOptions, assess } from './assess.ts';
export { type DigestedFile, digestArtifact, sha256Of } from './digest-artifact.ts';
export { type FileScanResult, type OnTarget, scanSource } from './file-scan.ts';
export { formatTitles } from './format-titles.ts';
export { type PullOutcome, pull, pullKnown } from './pull/index.ts';
export {
  type ChosenLists,
  chosenLists,
  type InstalledRules,
  knownWords,
  MAX_BUNDLE_BYTES,
  openRules,
  RULESET_CHOICES,
  type RulesetChoice,
  readBounded,
  readInstalled,
  readSigned,
  removeInstalled,
  rulesPath,
  type SignedInstalled,
  type SignedRules,
  writeInstalled,
} from './rules/index.ts';
export {
  compareManifest,
  judgeSignature,
  type ManifestComparison,
  openSignature,
  SIGNATURE_NAME,
  type SignatureRequest,
} from './signature/index.ts';
export { withWholeFiles } from './whole-files.ts';
