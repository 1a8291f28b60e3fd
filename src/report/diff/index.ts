export { diffReports, hasNew, type ReportDiff } from './diff.ts';
export { renderDiffJson } from './json.ts';
export { readReport } from './read.ts';
export { renderDiff } from './table.ts';
