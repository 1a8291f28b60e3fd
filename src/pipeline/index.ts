export { type AssessOptions, assess } from './assess.ts';
export { type DigestedFile, digestArtifact, sha256Of } from './digest-artifact.ts';
export { type FileScanResult, type OnTarget, scanSource } from './file-scan.ts';
export { formatTitles } from './format-titles.ts';
export { type PullOutcome, pull, pullKnown } from './pull/index.ts';
export { type ChosenLists, type InstalledRules, MAX_BUNDLE_BYTES, RULESET_CHOICES, type RulesetChoice, type SignedInstalled, type SignedRules, chosenLists, knownWords, openRules, readBounded, readInstalled, readSigned, removeInstalled, rulesPath, writeInstalled } from './rules/index.ts';
export { type ManifestComparison, SIGNATURE_NAME, type SignatureRequest, compareManifest, judgeSignature, openSignature } from './signature/index.ts';
export { withWholeFiles } from './whole-files.ts';
