export { reportSchemaDocument } from './document.ts';
export { readReportParts } from './read.ts';
export { type ReportDocument, ReportedDecision, ReportedFile, ReportedFinding, ReportSchema } from './report.ts';
export { SCHEMA_VERSION } from './version.ts';
