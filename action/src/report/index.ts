export { annotate } from './annotations.ts';
export { writeReport } from './files.ts';
export { GitHub, MAX_COMMENT } from './github.ts';
export { judgedOf, outcomeHeadline, summaryOf } from './summary.ts';
