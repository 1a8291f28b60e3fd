export { diffReports, hasNew, type ReportDiff } from './diff.ts';
export { renderDiffJson } from './json.ts';
export { type ReadReport, readReport } from './read.ts';
export { type DiffTableOptions, renderDiff } from './table.ts';
