export { type ReportDiff, diffReports, hasNew } from './diff.ts';
export { renderDiffJson } from './json.ts';
export { readReport } from './read.ts';
export { renderDiff } from './table.ts';
