export type { DetectedString, LibraryDetector, RunDetector, StringDetector } from './detector.ts';
export { Needles } from './needles.ts';
export { longRuns } from './runs.ts';
export { type SearchRange, StringSearch } from './search.ts';
export { beginsWord, isTokenByte, type SearchWindow, textBetween } from './window.ts';
